"""Pairs drawn in columns are those that the rule draws of the same chains one by one, and are counted alike."""

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from judged_rows import NONE, RIGHT, UNJUDGED, WRONG, judged_row

from seewhy.pairs.by_format import ByFormat
from seewhy.pairs.by_outcome import ByOutcome
from seewhy.pairs.choosing import shuffle
from seewhy.pairs.rule import Pairing
from seewhy.records.rows import RowReader
from seewhy.records.shards import to_table, write_shard
from seewhy.records.types import Chain, Pair, Verdict

RULES = (
    ByOutcome(lowest=0.0, highest=1.0), ByOutcome(most=1, seed=5), ByOutcome(lowest=0.0, highest=1.0, most=9),
    ByOutcome(lowest=0.0, highest=1.0, most=4, format_negatives=True), ByFormat(most=2), ByFormat(most=7, seed=2),
)  # fmt: skip
TEXTS = ("a", "a ", "\u2003a", "\x1ca", "b", "a b", "a\nb", "", "ä", "Ä", "a\x00")
ANSWERS = ("1", " 1.0 ", "one", "One.", "2", "", None)
CHAINS = st.lists(
    st.tuples(st.sampled_from([RIGHT, WRONG, WRONG, NONE, UNJUDGED]), st.sampled_from(TEXTS),
              st.sampled_from(ANSWERS), st.sampled_from([None, 0.0, 0.3, -2.5])),
    min_size=1, max_size=7,
)  # fmt: skip


def rows_of(questions, order):
    """Chains and verdicts; `order` mixes those of a question."""
    rows = []
    for number, chains in enumerate(questions):
        own = []
        for index, (outcome, text, answer, score) in enumerate(chains):
            chain, verdict = judged_row(outcome, index, question=f"q{number}", text="x")
            own.append(({**vars_of(chain), "text": text}, {**vars_of(verdict), "answer": answer, "score": score}))
        order.shuffle(own)
        rows += own
    return [Chain(**chain) for chain, _ in rows], [Verdict(**verdict) for _, verdict in rows]


def vars_of(row):
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def written(place, chains, verdicts):
    for name, kind, rows in (("chains", Chain, chains), ("verdicts", Verdict, verdicts)):
        write_shard(place / name, 0, rows, kind)
    return RowReader(place / "chains", Chain), RowReader(place / "verdicts", Verdict)


@given(
    rule=st.sampled_from(RULES),
    questions=st.lists(CHAINS, min_size=1, max_size=6),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=50, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # to shrink takes minutes of files
def test_pairs_of_files_in_columns_are_those_of_the_rule_chain_by_chain(rule, questions, order, tmp_path_factory):
    chains, verdicts = rows_of(questions, order)
    memory = Pairing(rule, chains, verdicts)
    pairs = list(memory)
    readers = written(tmp_path_factory.mktemp("rows"), chains, verdicts)
    columns, objects = Pairing(rule, *readers), Pairing(rule, *readers)
    assert list(objects) == pairs
    assert pa.concat_tables(columns.tables()).equals(to_table(pairs, Pair, is_whole=False))
    assert memory.stats == columns.stats == objects.stats
    assert memory.funnel == columns.funnel == objects.funnel


@given(st.integers(0, 40), st.integers())
def test_a_shuffle_is_that_of_the_standard_library(count, seed):
    ours, theirs = list(range(count)), list(range(count))
    one, other = random.Random(seed), random.Random(seed)
    shuffle(ours, one)
    other.shuffle(theirs)
    assert ours == theirs
    assert one.getstate() == other.getstate()


@pytest.mark.parametrize(("kind", "field", "value"), [
    ("verdicts", "outcome", "fine"), ("chains", "stop", "bored"), ("verdicts", "judge", None),
    ("chains", "text", None), ("verdicts", "score", float("nan")),
])  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_in_columns_too(tmp_path, kind, field, value):
    outcomes = [RIGHT, WRONG, NONE, RIGHT]
    rows = [judged_row(outcome, index) for index, outcome in enumerate(outcomes)]
    readers = written(tmp_path, *zip(*rows, strict=True))
    path = tmp_path / kind / "part-00000.parquet"
    table = pq.read_table(path)
    place = table.column_names.index(field)
    # Of the chain that every rule chooses or rejects: the last right and the only wrong one.
    column = [value if number in (0, 1, 3) else old for number, old in enumerate(table[field].to_pylist())]
    schema = pa.schema([one.with_nullable(True) for one in table.schema])
    changed = table.cast(schema).set_column(place, schema.field(field), pa.array(column, schema.field(field).type))
    pq.write_table(changed, path)
    with pytest.raises(ValueError, match=r"fine|bored|null|finite"):
        list(Pairing(ByOutcome(lowest=0.0, highest=1.0, format_negatives=True), *readers).tables())

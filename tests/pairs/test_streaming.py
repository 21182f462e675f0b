"""Pairs and their counts are the same from files that stream as from rows in memory, and as they ever were."""

import hashlib
import operator
from collections import Counter
from functools import reduce

import pyarrow as pa
import pytest
from judged_rows import many_rows

from seewhy.pairs.by_format import ByFormat
from seewhy.pairs.by_outcome import ByOutcome, account_of, pair_chains
from seewhy.pairs.by_score import ByScore, account_of_scores, widest_gap
from seewhy.pairs.by_step import ByStep
from seewhy.pairs.rule import Pairing
from seewhy.records.grouped import question_starts
from seewhy.records.rows import RowReader
from seewhy.records.shards import to_table, write_shard
from seewhy.records.types import Chain, Pair, Style, Verdict

ROWS = many_rows(400)
CHAINS, VERDICTS = [chain for chain, _ in ROWS], [verdict for _, verdict in ROWS]
LATER_FIELDS = ", rejected_images=None, stream='', weight=1.0, chosen_logprobs=None, rejected_logprobs=None"
"""Fields that pairs had not yet when these were taken down."""
GOLDEN = {
    ByOutcome(): (551, "f78a2c525365e0de"),
    ByOutcome(lowest=0.0, highest=1.0, most=5, seed=3, format_negatives=True): (1019, "c671e5ddf59d61ab"),
    ByScore(margin=0.2): (226, "6bf30a286b4e003e"),
    ByScore(margin=0.5, above=1.0, least_judged=3): (118, "49f95d9d71ff49e0"),
}
"""Number and hash of the pairs that version 0.1 made of these rows, before anything streamed."""


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """Shards of unequal size, which do not end with a question."""
    place = tmp_path_factory.mktemp("rows")
    for number, start in enumerate(range(0, len(ROWS), 301)):
        write_shard(place / "chains", number, CHAINS[start : start + 301], Chain)
    for number, start in enumerate(range(0, len(ROWS), 173)):
        write_shard(place / "verdicts", number, VERDICTS[start : start + 173], Verdict)
    return RowReader(place / "chains", Chain), RowReader(place / "verdicts", Verdict)


@pytest.mark.parametrize("rule", GOLDEN)
def test_pairs_are_those_that_they_ever_were_from_memory_and_from_files(rule, readers):
    from_files = list(pair_chains(rule, *readers))
    assert from_files == list(pair_chains(rule, CHAINS, VERDICTS))
    written = repr(from_files).replace(LATER_FIELDS, "")
    assert (len(from_files), hashlib.sha256(written.encode()).hexdigest()[:16]) == GOLDEN[rule]


@pytest.mark.parametrize("rule", GOLDEN)
def test_one_pass_gives_the_pairs_and_the_counts_and_those_of_parts_add_up(rule, readers):
    chains, verdicts = readers
    whole = Pairing(rule, chains, verdicts)
    pairs = list(whole)
    account = account_of if isinstance(rule, ByOutcome) else account_of_scores
    assert whole.stats == account(rule, CHAINS, VERDICTS) == account(rule, chains, verdicts)
    starts = question_starts(chains)
    parts = [
        Pairing(rule, chains, verdicts, starts[begin], starts[min(begin + 57, len(starts) - 1)])
        for begin in range(0, len(starts) - 1, 57)
    ]
    assert [pair for part in parts for pair in part] == pairs
    assert reduce(operator.add, (part.stats for part in parts)) == whole.stats


MORE = (ByFormat(most=5), ByStep(words=0, margin=0.2), ByOutcome(pick="best_worst", lowest=0.0, highest=1.0))


@pytest.mark.parametrize("rule", [*GOLDEN, *MORE], ids=repr)
def test_pairs_counts_and_columns_are_the_same_whatever_the_shards_and_parts(rule, readers):
    chains, verdicts = readers
    memory, whole, columns = (Pairing(rule, *rows) for rows in ((CHAINS, VERDICTS), readers, readers))
    pairs = list(memory)
    assert list(whole) == pairs
    table = pa.concat_tables(columns.tables())
    assert table.equals(to_table(pairs, Pair, is_whole=False))
    assert memory.stats == whole.stats == columns.stats
    assert memory.funnel == whole.funnel == columns.funnel
    assert memory.funnel["characters of the chosen"] == sum(len(pair.chosen.text) for pair in pairs)
    starts = question_starts(chains)
    middle = starts[len(starts) // 3]
    parts = [Pairing(rule, chains, verdicts, *bounds) for bounds in ((0, middle), (middle, starts[-1]))]
    assert [pair for part in parts for pair in part] == pairs
    assert Counter(parts[0].funnel) + Counter(parts[1].funnel) == +Counter(whole.funnel)


@pytest.mark.parametrize("rule", [*GOLDEN, *MORE], ids=repr)
def test_prompts_that_are_screened_in_columns_are_counted_as_those_that_are_looked_at(rule, tmp_path):
    rows = [(chain, verdict) for chain, verdict in ROWS if chain.style is Style.REASON]  # blocks of one style
    for kind, place, half in ((Chain, "chains", 0), (Verdict, "verdicts", 1)):
        write_shard(tmp_path / place, 0, [row[half] for row in rows], kind)
    columns = Pairing(rule, RowReader(tmp_path / "chains", Chain), RowReader(tmp_path / "verdicts", Verdict))
    memory = Pairing(rule, *map(list, zip(*rows, strict=True)))
    assert list(columns) == list(memory)
    assert (columns.stats, columns.funnel) == (memory.stats, memory.funnel)


def test_the_widest_gap_is_the_same_from_memory_and_from_files(readers):
    assert widest_gap(*readers) == widest_gap(CHAINS, VERDICTS) == pytest.approx(2.4822688247412965)


def test_rows_in_memory_are_not_asked_for_by_number():
    with pytest.raises(ValueError, match="two RowReader"):
        list(Pairing(ByOutcome(), CHAINS, VERDICTS, 0, 8))

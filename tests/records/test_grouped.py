"""Questions come one at a time with their chains and verdicts, whatever the shards, and what does not fit is named."""

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.records import grouped
from seewhy.records.grouped import Judgement, by_question, judged_rows, question_starts
from seewhy.records.rows import RowReader
from seewhy.records.shards import shard_path, write_shard
from seewhy.records.types import Chain, FinishReason, Outcome, Style, Verdict


def chain(question, index, style=Style.REASON):
    return Chain(
        question_id=question, index=index, style=style, text=f"{question} {style} {index}", token_ids=(index,),
        stop=FinishReason.END, sampler="s", seed=0,
    )  # fmt: skip


def verdict(of):
    return Verdict(
        question_id=of.question_id, index=of.index, style=of.style, judge="j", outcome=Outcome.CORRECT, answer=of.text
    )


def write(directory, rows, sizes, kind):
    number = 0
    while rows:
        size = sizes[number % len(sizes)]
        write_shard(directory, number, rows[:size], kind)
        rows, number = rows[size:], number + 1
    return RowReader(directory, kind)


def readers(tmp_path, chains, verdicts, sizes=(5, 3), others=(4,)):
    return write(tmp_path / "chains", chains, sizes, Chain), write(tmp_path / "verdicts", verdicts, others, Verdict)


def chains_of(counts):
    return [chain(f"q{n}", index) for n, count in enumerate(counts) for index in range(count)]


SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=8), SIZES, SIZES, st.integers(0, 99))
def test_each_question_comes_once_with_its_chains_and_the_verdict_on_each(
    tmp_path_factory, counts, sizes, others, seed
):
    """Within a question the verdicts may lie in any order."""
    place = tmp_path_factory.mktemp("rows")
    chains = chains_of(counts)
    chains[:0] = [chain("both", 0, Style.DIRECT), chain("both", 0), chain("both", 1), chain("both", 1, Style.DIRECT)]
    luck = random.Random(seed)
    questions = {one.question_id: [] for one in chains}
    for one in chains:
        questions[one.question_id].append(one)
    verdicts = [verdict(one) for group in questions.values() for one in luck.sample(group, len(group))]
    drawn, graded = readers(place, chains, verdicts, sizes, others)
    expected = [
        Judgement(question_id=name, chains=tuple(group), verdicts=tuple(map(verdict, group)))
        for name, group in questions.items()
    ]
    assert list(by_question(drawn, graded)) == expected
    starts = question_starts(drawn)
    assert len(starts) == len(questions) + 1
    begin, end = sorted(luck.sample(range(len(starts)), 2))
    assert list(by_question(drawn, graded, starts[begin], starts[end])) == expected[begin:end]


def test_questions_that_are_larger_than_a_batch_or_end_with_one_are_whole(tmp_path):
    counts = [1, grouped.BATCH_ROWS + 10, grouped.BATCH_ROWS - 1, 1, 3]
    chains = chains_of(counts)
    drawn, graded = readers(tmp_path, chains, list(map(verdict, chains)), (3000,), (5000,))
    assert [len(one.chains) for one in by_question(drawn, graded)] == counts
    for block in judged_rows(drawn, graded, ("text",), ("answer",)):
        assert block.chains.column("text").equals(block.verdicts.column("answer"))
        assert block.chains.schema.names == ["question_id", "index", "style", "text"]


def test_no_chains_are_no_questions(tmp_path):
    write_shard(tmp_path / "chains", 0, [], Chain)
    write_shard(tmp_path / "verdicts", 0, [], Verdict)
    drawn, graded = RowReader(tmp_path / "chains", Chain), RowReader(tmp_path / "verdicts", Verdict)
    assert list(by_question(drawn, graded)) == []
    assert list(question_starts(drawn)) == [0]


CHAINS = chains_of([2, 2, 2])
VERDICTS = list(map(verdict, CHAINS))


@pytest.mark.parametrize(
    ("chains", "verdicts", "shard", "row", "complaint"),
    [
        (
            CHAINS,
            VERDICTS[:-1],
            ("chains", 1),
            1,
            "chain 1 .* of question 'q2' has no verdict at its place .*none is left",
        ),
        (CHAINS, VERDICTS[:2] + VERDICTS[3:], ("chains", 0), 3, "chain 1 .* of question 'q1' has no verdict .*'q2'"),
        (CHAINS, VERDICTS[2:4] + VERDICTS[:2] + VERDICTS[4:], ("chains", 0), 0, "order of the chains"),
        (CHAINS[:-1], VERDICTS, ("verdicts", 1), 1, "chain 1 .* of question 'q2' has a verdict but is not among"),
        (CHAINS, [*VERDICTS[:1], VERDICTS[0], *VERDICTS[2:]], ("verdicts", 0), 1, "chain 0 .* has two verdicts"),
        ([*CHAINS[:1], CHAINS[0], *CHAINS[2:]], VERDICTS, ("chains", 0), 1, "chain 0 .* or occurs twice"),
        ([*CHAINS[:1], chain("q0", 7), *CHAINS[2:]], VERDICTS, ("chains", 0), 1, "chain 7 .* was not judged"),
    ],
)
def test_a_row_that_stands_alone_or_twice_or_out_of_order_is_named_by_its_place(
    chains, verdicts, shard, row, complaint, tmp_path
):
    drawn, graded = readers(tmp_path, chains, verdicts, (4,), (4,))
    with pytest.raises(ValueError, match=complaint) as caught:
        list(by_question(drawn, graded))
    assert str(caught.value).startswith(f"{shard_path(tmp_path / shard[0], shard[1])}, row {row}:")


def test_a_chain_and_its_verdict_that_both_occur_twice_are_named(tmp_path):
    drawn, graded = readers(tmp_path, [CHAINS[0], *CHAINS], [VERDICTS[0], *VERDICTS])
    with pytest.raises(ValueError, match="two verdicts"):
        list(by_question(drawn, graded))


def test_a_question_that_begins_again_is_named_with_both_places(tmp_path):
    chains = [*CHAINS, dataclasses.replace(CHAINS[0], index=5)]
    drawn, graded = readers(tmp_path, chains, list(map(verdict, chains)), (4,))
    place = f"{shard_path(tmp_path / 'chains', 1)}, row 2: question 'q0' begins again"
    for read in (lambda: list(by_question(drawn, graded)), lambda: question_starts(drawn)):
        with pytest.raises(ValueError, match="must be together") as caught:
            read()
        assert str(caught.value).startswith(place)
        assert f"{shard_path(tmp_path / 'chains', 0)}, row 0" in str(caught.value)

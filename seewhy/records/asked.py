"""Questions with the chains that were sampled of them, one question at a time."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from seewhy.records.grouped import question_blocks, starts_in
from seewhy.records.parquet import decode_rows
from seewhy.records.rows import RowReader
from seewhy.records.types import Chain, Question


def chains_by_question(
    chains: RowReader[Chain], start: int = 0, stop: int | None = None
) -> Iterator[tuple[Chain, ...]]:
    """All chains of one question after the other; some thousand rows are in memory.

    Raises:
        ValueError: chains of a question are not together; known at the end, when all were seen.
    """
    first = start
    for block in question_blocks(chains, None, start, stop):
        drawn = decode_rows(chains.path, first, block, Chain)
        starts = starts_in(block)
        for begin, end in pairwise(starts):
            yield tuple(drawn[begin:end])
        first += len(block)


def asked_by_question(
    questions: Iterable[Question], chains: RowReader[Chain], start: int = 0, stop: int | None = None
) -> Iterator[tuple[Question, tuple[Chain, ...]]]:
    """Each question that has chains, with all of them; questions are in the order of the chains.

    Args:
        questions: those that the chains were sampled from, and any others; read once, as far as needed.
        chains: rows of the chains.
        start: first row of these chains: the first of a question.
        stop: the row after the last.

    Raises:
        ValueError: a chain's question is not among the questions, or is elsewhere among them; the message names the
            chain's place.
    """
    left = iter(questions)
    row = start
    for group in chains_by_question(chains, start, stop):
        wanted = group[0].question_id
        question = next((one for one in left if one.id == wanted), None)
        if question is None:
            raise ValueError(
                f"{chains.place_of(row)}: chain {group[0].index} belongs to question {wanted!r}, which is not "
                "among the questions that are left: judge chains with the questions they were sampled from, in order"
            )
        yield question, group
        row += len(group)

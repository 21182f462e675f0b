"""Rows of one question at a time: chains with their verdicts, both read in order, never all of them at once.

Chains of a question are together, and verdicts are question by question in the order of the chains.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seewhy.records.columns import Record
from seewhy.records.parquet import BATCH_ROWS, decode_rows
from seewhy.records.rows import RowReader
from seewhy.records.types import Chain, Verdict

R = TypeVar("R", bound=Record)

FEWEST_ROWS = BATCH_ROWS // 2
"""Rows of a block, but of the last: batches are joined until there are so many."""
KEY = ("question_id", "style", "index")
QUESTION = "question_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All chains of one question, and the verdict on each, in the chains' order."""

    question_id: str
    chains: tuple[Chain, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRows:
    """Some whole questions as Arrow: row `i` of `verdicts` is the verdict on row `i` of `chains`."""

    first: int
    """Number of the first row among all chains."""
    chains: pa.RecordBatch
    verdicts: pa.RecordBatch
    bounds: Sequence[int]
    """Where each question begins, and at the end the number of rows."""


def by_question(
    chains: RowReader[Chain], verdicts: RowReader[Verdict], start: int = 0, stop: int | None = None
) -> Iterator[Judgement]:
    """Each question of rows `start` to `stop` with its chains and verdicts; some thousand rows are in memory.

    Raises:
        ValueError: a chain or verdict is alone or occurs twice, the verdicts are in another order of questions, or
            chains of a question are not together; the message names file and row. As `RowReader` raises, too.
    """
    for block in judged_rows(chains, verdicts, start=start, stop=stop):
        drawn = decode_rows(chains.path, block.first, block.chains, Chain)
        graded = decode_rows(verdicts.path, block.first, block.verdicts, Verdict)
        for begin, end in zip(block.bounds, block.bounds[1:], strict=False):
            yield Judgement(
                question_id=drawn[begin].question_id,
                chains=tuple(drawn[begin:end]),
                verdicts=tuple(graded[begin:end]),
            )


def judged_rows(
    chains: RowReader[Chain],
    verdicts: RowReader[Verdict],
    chain_columns: Sequence[str] | None = None,
    verdict_columns: Sequence[str] | None = None,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[JudgedRows]:
    """`by_question` in columns, some thousand rows of whole questions at a time; only these columns, and the key's."""
    graded = _Rows(verdicts, _with_key(verdict_columns), start, stop)
    first = start
    for block in question_blocks(chains, _with_key(chain_columns), start, stop):
        said = graded.take(len(block))
        bounds = starts_in(block)
        yield JudgedRows(
            first=first, chains=block, verdicts=_align(chains, verdicts, first, block, said, bounds), bounds=bounds
        )
        first += len(block)
    if len(left := graded.take(1)):
        raise ValueError(f"{verdicts.place_of(first)}: {_words(left, 0)} has a verdict but is not among {chains.path}")


def question_blocks(
    rows: RowReader[R], columns: Sequence[str] | None = None, start: int = 0, stop: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Rows in columns, some thousand of whole questions at a time.

    Raises:
        ValueError: rows of a question are not together; known at the end, when all were seen.
    """
    seen = _SeenQuestions(rows)
    held: list[pa.RecordBatch] = []
    first = start
    for batch in filter(len, rows.batches(columns, start, stop)):
        if sum(map(len, held)) >= FEWEST_ROWS:
            whole = _joined(held)
            last = len(whole) if _begins(batch, whole) else starts_in(whole)[-2]
            if last:
                yield seen.add(whole.slice(0, last), first)
                first += last
            held = [whole.slice(last)] if last < len(whole) else []
        held.append(batch)
    if held:
        yield seen.add(_joined(held), first)
    seen.require_together()


def _begins(batch: pa.RecordBatch, before: pa.RecordBatch) -> bool:
    """Whether a question begins with a batch; rows that need not be joined are not copied."""
    last, first = before.column(QUESTION).slice(len(before) - 1), batch.column(QUESTION).slice(0, 1)
    return bool(pc.not_equal(last, first)[0].as_py())


def question_starts(rows: RowReader[R]) -> "array[int]":
    """Number of the first row of each question, and at the end the number of all rows; ids alone are read.

    Questions `a` to `b` are the rows `starts[a]` to `starts[b]`: a small piece of work to send to another process.

    Raises:
        ValueError: rows of a question are not together; the message names both places.
    """
    starts = array("q")
    first = 0
    for block in question_blocks(rows, (QUESTION,)):
        starts.extend(first + number for number in starts_in(block)[:-1])
        first += len(block)
    starts.append(first)
    return starts


class _SeenQuestions:
    """Remembers 16 bytes a question, to find one that begins twice."""

    def __init__(self, rows: RowReader[R]) -> None:
        self.rows = rows
        self.hashes = array("q")
        self.places = array("q")

    def add(self, block: pa.RecordBatch, first: int) -> pa.RecordBatch:
        starts = starts_in(block)[:-1]
        ids = block.column(QUESTION).take(pa.array(starts, pa.int64())).to_numpy(zero_copy_only=False).tolist()
        self.hashes.extend(map(hash, ids))
        self.places.extend(first + start for start in starts)
        return block

    def require_together(self) -> None:
        """Raise where a question begins a second time."""
        hashes = np.frombuffer(self.hashes, np.int64)
        order = np.argsort(hashes, kind="stable")
        for again in np.flatnonzero(hashes[order][1:] == hashes[order][:-1]).tolist():
            one, other = (self.places[order[place]] for place in (again, again + 1))
            names = [self._id_of(one), self._id_of(other)]
            if names[0] == names[1]:
                raise ValueError(
                    f"{self.rows.place_of(other)}: question {names[0]!r} begins again; it began at "
                    f"{self.rows.place_of(one)}. Rows of a question must be together: sort them by question"
                )

    def _id_of(self, row: int) -> str:
        (batch,) = self.rows.batches((QUESTION,), row, row + 1)
        return str(batch.column(QUESTION)[0].as_py())


class _Rows:
    """Rows in columns, taken so many at a time."""

    def __init__(self, rows: RowReader[R], columns: Sequence[str] | None, start: int, stop: int | None) -> None:
        self.batches = rows.batches(columns, start, stop)
        self.left: list[pa.RecordBatch] = []

    def take(self, count: int) -> pa.RecordBatch:
        """The next `count` rows, fewer where there are no more."""
        while sum(map(len, self.left)) < count and (batch := next(self.batches, None)) is not None:
            self.left.append(batch)
        whole = _joined(self.left)
        self.left = [whole.slice(count)] if len(whole) > count else []
        return whole.slice(0, count)


def _with_key(columns: Sequence[str] | None) -> Sequence[str] | None:
    return None if columns is None else (*KEY, *columns)


def _joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    return pa.concat_batches(batches) if batches else pa.RecordBatch.from_arrays([], [])


def starts_in(block: pa.RecordBatch) -> list[int]:
    """Where each question of a block begins, and at the end its number of rows."""
    ids = block.column(QUESTION)
    changed = pc.not_equal(ids.slice(1), ids.slice(0, max(0, len(ids) - 1)))
    return [0, *(np.flatnonzero(changed.to_numpy(zero_copy_only=False)) + 1).tolist(), len(ids)]


def _align(
    chains: RowReader[Chain],
    verdicts: RowReader[Verdict],
    first: int,
    block: pa.RecordBatch,
    said: pa.RecordBatch,
    bounds: Sequence[int],
) -> pa.RecordBatch:
    """The verdicts of a block, each at its chain's row."""
    for row in _unlike(block, said, (QUESTION,)):
        beside = (
            f"{verdicts.place_of(first + row)} has that on {_words(said, row)}" if row < len(said) else "none is left"
        )
        raise ValueError(
            f"{chains.place_of(first + row)}: {_words(block, row)} has no verdict at its place among {verdicts.path}: "
            f"{beside}. Verdicts must follow the questions in the order of the chains: judge these chains again"
        )
    mixed = _questions_of([*_unlike(block, said, KEY), *_not_ascending(block)], bounds)
    if not mixed:
        return said
    order = np.arange(len(block))
    for question in mixed:
        begin, end = bounds[question], bounds[question + 1]
        order[begin:end] = _order_within(chains, verdicts, first, block, said, range(begin, end))
    return said.take(pa.array(order.tolist(), pa.int64()))


def _unlike(block: pa.RecordBatch, said: pa.RecordBatch, names: Sequence[str]) -> list[int]:
    """Rows whose keys differ, and the first for which there is no verdict."""
    if not len(said):
        return [0]
    unlike = np.zeros(len(said), bool)
    for name in names:
        differs = pc.not_equal(block.column(name).slice(0, len(said)), said.column(name))
        unlike |= differs.to_numpy(zero_copy_only=False)
    short = [len(said)] if len(said) < len(block) else []
    return [*np.flatnonzero(unlike).tolist(), *short]


def _not_ascending(block: pa.RecordBatch) -> list[int]:
    """Rows whose index does not follow the row before: a new question, another style, or a chain that occurs twice."""
    index = block.column("index").to_numpy()
    ids = block.column(QUESTION)
    same = pc.equal(ids.slice(1), ids.slice(0, len(ids) - 1)).to_numpy(zero_copy_only=False)
    return (np.flatnonzero(same & (np.diff(index) <= 0)) + 1).tolist()


def _questions_of(rows: Sequence[int], bounds: Sequence[int]) -> list[int]:
    return sorted({bisect_right(bounds, row) - 1 for row in rows})


def _order_within(
    chains: RowReader[Chain],
    verdicts: RowReader[Verdict],
    first: int,
    block: pa.RecordBatch,
    said: pa.RecordBatch,
    rows: range,
) -> list[int]:
    """For each chain of one question the row of its verdict."""
    where: dict[tuple[str, int], int] = {}
    for row in rows:
        if where.setdefault(_key(said, row), row) != row:
            raise ValueError(
                f"{verdicts.place_of(first + row)}: {_words(said, row)} has two verdicts; "
                "join the verdicts of one judge at a time"
            )
    order: list[int] = []
    for row in rows:
        if _key(block, row) not in where:
            raise ValueError(
                f"{chains.place_of(first + row)}: {_words(block, row)} has no verdict of its own: "
                "it was not judged, or occurs twice"
            )
        order.append(where.pop(_key(block, row)))
    return order


def _key(batch: pa.RecordBatch, row: int) -> tuple[str, int]:
    return batch.column("style")[row].as_py(), batch.column("index")[row].as_py()


def _words(batch: pa.RecordBatch, row: int) -> str:
    style, index = _key(batch, row)
    return f"chain {index} ({style}) of question {batch.column(QUESTION)[row].as_py()!r}"

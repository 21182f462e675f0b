"""What a rule knows of a chain and its verdict, from rows in memory or from files, which stream."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import pyarrow as pa

from seewhy.records.columns import Record, build_records, slots_of
from seewhy.records.grouped import JudgedRows, judged_rows
from seewhy.records.rows import RowReader
from seewhy.records.types import Chain, FinishReason, Outcome, Style, Verdict

Key = tuple[str, Style, int]
EDGES = " \t\n.,;:!?\"'`*$()[]"
TokenIds = tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A chain and what one judge says of it, as far as the choice of pairs depends on it.

    Example:
        >>> Judged(row=0, question_id="q", style=Style.REASON, index=0, text="12", stop=FinishReason.END,
        ...        outcome=Outcome.CORRECT, score=None, answer=" 12. ", judge="j").folded_answer
        '12'
    """

    row: int
    """Number of the chain in its block: what else is wanted of it is asked by that."""
    question_id: str
    style: Style
    index: int
    text: str
    stop: FinishReason
    outcome: Outcome
    score: float | None
    """The judge's own, in its own unit."""
    answer: str | None
    judge: str

    @property
    def value(self) -> float:
        """The judge's score; 1 for a right and 0 for any other chain where the judge gave none."""
        if self.score is not None:
            return self.score
        return 1.0 if self.outcome is Outcome.CORRECT else 0.0

    @property
    def folded_answer(self) -> str | None:
        """The answer without what changes nothing: case, spaces, edge punctuation; None where there is none."""
        return None if self.answer is None else _fold(self.answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBlock:
    """The prompts (a question in one style) of some whole questions; only chains of one prompt may be compared."""

    prompts: Sequence[Sequence[Judged]]
    token_ids: Callable[[Sequence[int]], list[TokenIds]]
    """Token ids of the chains at these rows, as sampled; they are read only for the chains that were chosen."""


CHAIN_FIELDS = ("text", "stop", "token_ids")
VERDICT_FIELDS = ("outcome", "score", "answer", "judge")


def judged_blocks(
    chains: Iterable[Chain], verdicts: Iterable[Verdict], start: int = 0, stop: int | None = None
) -> Iterator[JudgedBlock]:
    """The prompts of all chains, in the order in which `chains` first names each.

    Two `RowReader` stream: some thousand rows are in memory, and rows `start` to `stop` alone may be asked for, which
    must begin and end with a question. Other rows are joined in memory, in whatever order they come.

    Raises:
        ValueError: a chain or verdict stands alone or occurs twice; from files also where rows lie in another order.
            The message names it.
    """
    if isinstance(chains, RowReader) and isinstance(verdicts, RowReader):
        for rows in judged_rows(chains, verdicts, CHAIN_FIELDS, VERDICT_FIELDS, start, stop):
            yield _block_of(rows)
        return
    if start or stop is not None:
        raise ValueError("rows by number are those of files: give two RowReader")
    yield _block_in_memory(join_verdicts(chains, verdicts))


def join_verdicts(chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> list[tuple[Chain, Verdict]]:
    """Each chain with its verdict, in the order of `chains`, whatever that of `verdicts`.

    Raises:
        ValueError: a chain or verdict stands alone or occurs twice; the message names it.
    """
    said: dict[Key, Verdict] = {}
    for verdict in verdicts:
        if _key(verdict) in said:
            raise ValueError(f"{_words(verdict)} has two verdicts; join the verdicts of one judge at a time")
        said[_key(verdict)] = verdict
    joined: list[tuple[Chain, Verdict]] = []
    for chain in chains:
        if _key(chain) not in said:
            raise ValueError(f"{_words(chain)} has no verdict of its own: it was not judged, or occurs twice")
        joined.append((chain, said.pop(_key(chain))))
    if said:
        raise ValueError(f"{_words(next(iter(said.values())))} has a verdict but is not among the chains")
    return joined


def group_by_prompt(judged: Iterable[Judged]) -> list[list[Judged]]:
    """The chains of each prompt."""
    groups: dict[tuple[str, Style], list[Judged]] = {}
    for one in judged:
        groups.setdefault((one.question_id, one.style), []).append(one)
    return list(groups.values())


def distinct_texts(judged: Iterable[Judged]) -> list[Judged]:
    """The first chain of each text."""
    first: dict[str, Judged] = {}
    for one in judged:
        first.setdefault(one.text.strip(), one)
    return list(first.values())


def judged_of(joined: Sequence[tuple[Chain, Verdict]]) -> list[Judged]:
    """What a rule knows of each, `row` being its place in `joined`."""
    return [
        Judged(
            row=row, question_id=chain.question_id, style=chain.style, index=chain.index, text=chain.text,
            stop=chain.stop, outcome=verdict.outcome, score=verdict.score, answer=verdict.answer, judge=verdict.judge,
        )
        for row, (chain, verdict) in enumerate(joined)
    ]  # fmt: skip


def _block_in_memory(joined: Sequence[tuple[Chain, Verdict]]) -> JudgedBlock:
    return JudgedBlock(
        prompts=group_by_prompt(judged_of(joined)),
        token_ids=lambda rows: [joined[row][0].token_ids for row in rows],
    )


def _block_of(rows: JudgedRows) -> JudgedBlock:
    chains = _columns(rows.chains, Chain, ("question_id", "style", "index", "text", "stop"))
    verdicts = _columns(rows.verdicts, Verdict, VERDICT_FIELDS)
    columns = {"row": list(range(len(rows.chains))), **chains, **verdicts}
    judged: list[Judged] = build_records(Judged, columns, list(columns.values()))
    questions = [judged[begin:end] for begin, end in pairwise(rows.bounds)]
    is_mixed = len(set(chains["style"])) > 1
    ids = rows.chains.column("token_ids")
    decode = slots_of(Chain)["token_ids"].decode
    return JudgedBlock(
        prompts=[prompt for one in questions for prompt in group_by_prompt(one)] if is_mixed else questions,
        token_ids=lambda wanted: decode(ids.take(pa.array(wanted, pa.int64()))),
    )


def _columns(batch: pa.RecordBatch, record_type: type[Record], names: Sequence[str]) -> Mapping[str, list[Any]]:
    return {name: slots_of(record_type)[name].decode(batch.column(name)) for name in names}


@lru_cache(maxsize=1 << 14)
def _fold(answer: str) -> str:
    return " ".join(answer.casefold().split()).strip(EDGES)


def _key(row: Chain | Verdict) -> Key:
    return row.question_id, row.style, row.index


def _words(row: Chain | Verdict) -> str:
    return f"chain {row.index} ({row.style}) of question {row.question_id!r}"

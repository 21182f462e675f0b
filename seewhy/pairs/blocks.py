"""Judged chains in blocks of whole questions, from rows in memory or from files, which stream.

Of files, prompts whose outcomes alone decide that a rule drops them are counted in columns: their texts never become
objects.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from seewhy.pairs.judged import Judged, TokenIds, group_by_prompt, join_verdicts, judged_of
from seewhy.pairs.sided import HasSides, SidedPrompts, Sides
from seewhy.pairs.sided_rows import origins_of, sided_prompts
from seewhy.records.columns import Record, build_records, slots_of
from seewhy.records.grouped import JudgedRows, judged_rows
from seewhy.records.rows import RowReader
from seewhy.records.types import Chain, Outcome, Style, Verdict

LOGPROBS, SPANS = "logprobs", "spans"
"""What a rule may read beside the columns that all rules read."""
CHAIN_FIELDS = ("text", "stop", "token_ids")
VERDICT_FIELDS = ("outcome", "score", "answer", "judge")
REPEATED = ("question_id", "judge")
"""Columns that say the same in many rows: one text is made of each value."""
OUTCOMES = tuple(Outcome)
RESPONSE_FIELDS = ("text", "token_ids")


class OutcomeCounts(NamedTuple):
    """Chains of a prompt by their outcome."""

    correct: int
    incorrect: int
    no_answer: int
    unjudged: int

    @property
    def judged(self) -> int:
        """Chains that a judge could judge."""
        return self.correct + self.incorrect + self.no_answer

    @classmethod
    def of(cls, prompt: Iterable[Judged]) -> "OutcomeCounts":
        """Of the chains of a prompt."""
        outcomes = [one.outcome for one in prompt]
        return cls(*map(outcomes.count, OUTCOMES))


@runtime_checkable
class Screens(Protocol):
    """A rule that drops prompts by their outcomes alone."""

    def screen(self, counts: OutcomeCounts) -> StrEnum | None:
        """Why a prompt is dropped; None where more must be known. The rule itself gives the same reason."""
        ...


@runtime_checkable
class ReadsMore(Protocol):
    """A rule that reads `LOGPROBS` or `SPANS`."""

    @property
    def reads(self) -> Sequence[str]:
        """What it reads beside what all rules read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Prompts of a block that have equal outcomes, and of which the same became."""

    reason: StrEnum
    counts: OutcomeCounts
    style: Style
    prompts: int
    pairs: int = 0
    """Of all these prompts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SidedBlock:
    """Prompts that a rule with sides did not drop, and how."""

    prompts: SidedPrompts
    counts: Sequence[OutcomeCounts]
    """Of each prompt."""
    sides: Sides
    origins: Callable[[Sequence[int]], dict[str, pa.Array]]
    """Question, style and source of pairs whose chosen chains are at these rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBlock:
    """The prompts (a question in one style) of some whole questions; only chains of one prompt may be compared."""

    prompts: Sequence[Sequence[Judged]]
    sided: SidedBlock | None = None
    """In the place of `prompts`, where the rule asks for no more."""
    screened: Sequence[Alike] = ()
    """Prompts that are neither among `prompts` nor in `sided`."""
    responses: Callable[[Sequence[int]], pa.RecordBatch]
    """Text and token ids, as sampled, of the chains at these rows."""

    def token_ids(self, rows: Sequence[int]) -> list[TokenIds]:
        """Token ids of the chains at these rows; they are read only for the chains that were chosen."""
        return slots_of(Chain)["token_ids"].decode(self.responses(rows).column("token_ids"))


def judged_blocks(
    chains: Iterable[Chain], verdicts: Iterable[Verdict], start: int = 0, stop: int | None = None, rule: object = None
) -> Iterator[JudgedBlock]:
    """The prompts of all chains, in the order in which `chains` first names each.

    Two `RowReader` stream: some thousand rows are in memory, and rows `start` to `stop` alone may be asked for, which
    must begin and end with a question; what `rule` drops by outcomes alone is `screened`. Other rows are joined in
    memory, in whatever order they come.

    Raises:
        ValueError: a chain or verdict has no partner or occurs twice; from files also where rows are in another order.
            The message names it.
    """
    more = tuple(rule.reads) if isinstance(rule, ReadsMore) else ()
    if isinstance(chains, RowReader) and isinstance(verdicts, RowReader):
        wanted = ((*CHAIN_FIELDS, LOGPROBS) if LOGPROBS in more else CHAIN_FIELDS,
                  (*VERDICT_FIELDS, SPANS) if SPANS in more else VERDICT_FIELDS)  # fmt: skip
        for rows in judged_rows(chains, verdicts, *wanted, start, stop):
            yield _block_of(rows, rule, more)
        return
    if start or stop is not None:
        raise ValueError("rows by number are those of files: give two RowReader")
    yield _block_in_memory(join_verdicts(chains, verdicts))


def _block_in_memory(joined: Sequence[tuple[Chain, Verdict]]) -> JudgedBlock:
    def responses(rows: Sequence[int]) -> pa.RecordBatch:
        slots = slots_of(Chain)
        columns = [slots[name].encode([getattr(joined[row][0], name) for row in rows]) for name in RESPONSE_FIELDS]
        return pa.RecordBatch.from_arrays(columns, names=list(RESPONSE_FIELDS))

    return JudgedBlock(prompts=group_by_prompt(judged_of(joined)), responses=responses)


def _block_of(rows: JudgedRows, rule: object, more: Sequence[str]) -> JudgedBlock:
    styles = rows.chains.column("style").dictionary_encode()
    sizes = np.diff(np.asarray(rows.bounds))
    screened, is_kept, sided = list[Alike](), np.ones(len(sizes), bool), None
    if isinstance(rule, Screens) and len(styles.dictionary) == 1:
        style = Style(styles.dictionary[0].as_py())
        screened, is_kept, counts = _screen(rows, rule, style)
        if isinstance(rule, HasSides) and (sides := rule.sides):
            sided = SidedBlock(
                prompts=sided_prompts(rows, is_kept, style), counts=counts, sides=sides,
                origins=lambda numbers: origins_of(rows, numbers),
            )  # fmt: skip
    prompts: list[list[Judged]] = []
    if sided is None:
        judged = _judged(rows, np.flatnonzero(np.repeat(is_kept, sizes)), more)
        bounds = np.concatenate(([0], np.cumsum(sizes[is_kept]))).tolist()
        prompts = [judged[begin:end] for begin, end in pairwise(bounds)]
        is_mixed = len(styles.dictionary) > 1
        if is_mixed:
            prompts = [prompt for one in prompts for prompt in group_by_prompt(one)]
    return JudgedBlock(
        prompts=prompts,
        sided=sided,
        screened=screened,
        responses=lambda numbers: rows.chains.select(RESPONSE_FIELDS).take(pa.array(numbers, pa.int64())),
    )


def _screen(
    rows: JudgedRows, rule: Screens, style: Style
) -> tuple[list[Alike], NDArray[np.bool_], list[OutcomeCounts]]:
    """What the rule drops by outcomes, for each question whether it is left, and the outcomes of those that are."""
    outcomes = rows.verdicts.column("outcome").dictionary_encode()
    slot = slots_of(Verdict)["outcome"]
    order = {outcome: code for code, outcome in enumerate(slot.decode(outcomes.dictionary))}
    codes = outcomes.indices.to_numpy() if not outcomes.null_count else np.array(slot.decode(outcomes))
    starts = np.asarray(rows.bounds[:-1])
    counts = np.stack([np.add.reduceat((codes == order.get(one, -1)).astype(np.int64), starts) for one in Outcome])
    each = list(zip(*counts.tolist(), strict=True))
    reasons = {one: rule.screen(OutcomeCounts(*one)) for one in set(each)}
    screened = [Alike(reason=reason, counts=OutcomeCounts(*one), style=style, prompts=number)
                for one, number in Counter(each).items() if (reason := reasons[one])]  # fmt: skip
    is_kept = np.asarray([reasons[one] is None for one in each])
    return screened, is_kept, [OutcomeCounts(*one) for one in each if reasons[one] is None]


def _judged(rows: JudgedRows, wanted: NDArray[np.int64], more: Sequence[str]) -> list[Judged]:
    """The chains at these rows of a block."""
    is_whole = len(wanted) == len(rows.chains)

    places = pa.array(wanted)

    def column(batch: pa.RecordBatch, record_type: type[Record], name: str) -> list[Any]:
        found = batch.column(name) if is_whole else batch.column(name).take(places)
        slot = slots_of(record_type)[name]
        if name not in REPEATED or found.null_count:
            return slot.decode(found)
        encoded = found.dictionary_encode()
        values = slot.decode(encoded.dictionary)
        return [values[code] for code in encoded.indices.to_numpy().tolist()]

    names = ("question_id", "style", "index", "text", "stop")
    columns = {"row": wanted.tolist(), **{name: column(rows.chains, Chain, name) for name in names},
               **{name: column(rows.verdicts, Verdict, name) for name in VERDICT_FIELDS}}  # fmt: skip
    columns["spans"] = column(rows.verdicts, Verdict, SPANS) if SPANS in more else [()] * len(wanted)
    columns["logprob"] = (
        _mean_logprobs(rows.chains.column(LOGPROBS).take(pa.array(wanted))) if LOGPROBS in more
        else [None] * len(wanted)
    )  # fmt: skip
    return build_records(Judged, columns, list(columns.values()))


def _mean_logprobs(found: pa.Array) -> list[float | None]:
    """The mean of each row; None where there is none."""
    return [
        None if row is None or not len(row) else float(np.mean(row)) for row in found.to_numpy(zero_copy_only=False)
    ]

"""What a rule of pairing is, and the one pass in which its pairs are made and its drops are counted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

import pyarrow as pa

from seewhy.pairs.blocks import JudgedBlock, Screened, judged_blocks
from seewhy.pairs.funnel import Funnel
from seewhy.pairs.judged import Choice, Judged
from seewhy.records.collecting import RareCollection
from seewhy.records.columns import build_records, slots_of
from seewhy.records.parquet import schema_of
from seewhy.records.types import Chain, Pair, Response, Verdict

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)


class Tally(Protocol[S_co]):
    """Counts what a rule made of each prompt."""

    def add(self, prompt: Sequence[Judged], reason: StrEnum, choices: Sequence[Choice]) -> None:
        """Count one prompt."""
        ...

    def drop(self, screened: Screened) -> None:
        """Count prompts that were dropped by their outcomes; called for rules with `screen` alone."""
        raise TypeError(f"{type(self).__name__} counts no prompts that were dropped unseen: give its rule no `screen`")

    def stats(self) -> S_co:
        """All counts so far; those of two tallies add by `+`."""
        ...


class PairRule(Protocol[S_co]):
    """Chooses pairs among the chains of a prompt."""

    def __call__(self, prompt: Sequence[Judged]) -> tuple[StrEnum, tuple[Choice, ...]]:
        """What becomes of one prompt's chains, and the pairs among them."""
        ...

    def new_tally(self) -> Tally[S_co]:
        """Counters of this rule, at zero."""
        ...


class Pairing(Generic[S]):
    """One pass of a rule: iterate over it for the pairs; `stats` and `funnel` then hold what was kept and dropped.

    Args:
        rule: `ByOutcome`, `ByScore` or one of your own.
        chains: rows in memory, or a `RowReader`, which streams.
        verdicts: on these chains, in the same way.
        start: first row of these chains, where both are readers: the first of a question.
        stop: the row after the last, where both are readers.

    Raises:
        ValueError: while iterating, as `judged_blocks` raises.
    """

    def __init__(
        self,
        rule: PairRule[S],
        chains: Iterable[Chain],
        verdicts: Iterable[Verdict],
        start: int = 0,
        stop: int | None = None,
    ) -> None:
        self._rule = rule
        self._tally = rule.new_tally()
        self._funnel = Funnel()
        self._blocks = judged_blocks(chains, verdicts, start, stop, rule)
        self._pairs = self._objects()

    def __iter__(self) -> Iterator[Pair]:
        return self._pairs

    def tables(self) -> Iterator[pa.Table]:
        """The pairs as Arrow, in the columns of `Pair`: texts and token ids never become objects."""
        return (_table_of(block, choices) for block, choices in self._pass())

    @property
    def stats(self) -> S:
        """What became of the prompts that were passed so far."""
        return self._tally.stats()

    @property
    def funnel(self) -> Mapping[str, int]:
        """What the pairs of the prompts that were passed so far are like, by name."""
        return self._funnel.named

    def run(self) -> S:
        """The counts of the whole pass, its pairs thrown away."""
        for _ in self._pass():
            pass
        return self.stats

    def _objects(self) -> Iterator[Pair]:
        for block, choices in self._pass():
            yield from _pairs_of(block, choices)

    def _pass(self) -> Iterator[tuple[JudgedBlock, list[Choice]]]:
        # A block is some ten thousand objects without a cycle, and looking for one took a fifth of the time.
        with RareCollection():
            for block in self._blocks:
                yield block, self._choices_of(block)

    def _choices_of(self, block: JudgedBlock) -> list[Choice]:
        for screened in block.screened:
            self._tally.drop(screened)
        choices: list[Choice] = []
        for prompt in block.prompts:
            reason, made = self._rule(prompt)
            self._tally.add(prompt, reason, made)
            if made:
                self._funnel.add(prompt, made)
                choices.extend(made)
        return choices


def _pairs_of(block: JudgedBlock, choices: Sequence[Choice]) -> list[Pair]:
    sides = [side for choice in choices for side in (choice.chosen, choice.rejected)]
    ids = block.token_ids([side.row for side in sides])
    responses = build_records(Response, ("text", "token_ids"), [[side.text for side in sides], ids])
    columns = {**_plain_columns(choices), "chosen": responses[0::2], "rejected": responses[1::2]}
    return build_records(Pair, columns, list(columns.values()))


def _table_of(block: JudgedBlock, choices: Sequence[Choice]) -> pa.Table:
    """Columns of fields that no choice says anything of are left out: those marked `RARE` have their defaults."""
    slots = slots_of(Pair)
    columns = {name: slots[name].encode(values) for name, values in _plain_columns(choices).items()}
    for side in ("chosen", "rejected"):
        found = block.responses([getattr(choice, side).row for choice in choices])
        columns[side] = _as_response(found, slots[side].column.arrow)
    schema = schema_of(Pair)
    names = [name for name in slots if name in columns]
    return pa.table([columns[name] for name in names], schema=pa.schema([schema.field(name) for name in names]))


def _as_response(found: pa.RecordBatch, wanted: pa.DataType) -> pa.StructArray:
    slots = slots_of(Response)
    there = {name: found.column(name) for name in found.schema.names}
    columns = [
        there[one.name] if one.name in there else slots[one.name].encode([one.default] * len(found))
        for one in fields(Response)
    ]
    return pa.StructArray.from_arrays(columns, fields=[wanted.field(place) for place in range(wanted.num_fields)])


def _plain_columns(choices: Sequence[Choice]) -> dict[str, list[Any]]:
    return {
        "question_id": [choice.chosen.question_id for choice in choices],
        "style": [choice.chosen.style for choice in choices],
        "source": [choice.chosen.judge for choice in choices],
        "margin": [choice.margin for choice in choices],
    }

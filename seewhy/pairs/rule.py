"""What a rule of pairing is, and the one pass in which its pairs are made and its drops are counted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from seewhy.pairs.blocks import Alike, JudgedBlock, SidedBlock, judged_blocks
from seewhy.pairs.funnel import Funnel
from seewhy.pairs.judged import Choice, Judged
from seewhy.pairs.sided import draw_sides
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

    def add_alike(self, alike: Alike) -> None:
        """Count prompts that were passed in columns; called for rules with `screen` alone."""
        raise TypeError(f"{type(self).__name__} counts no prompts that were passed unseen: give its rule no `screen`")

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


class Drawn(NamedTuple):
    """Pairs that were drawn in columns: the rows of their chains in the block, and what else a pair holds."""

    chosen: Sequence[int]
    rejected: Sequence[int]
    margins: Sequence[float]
    origins: Mapping[str, pa.Array]
    """Other columns."""


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
        return (_table_of(block, picked) for block, picked in self._pass())

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
        for block, picked in self._pass():
            yield from _pairs_of(block, picked) if isinstance(picked, list) else _rows_of(_table_of(block, picked))

    def _pass(self) -> Iterator[tuple[JudgedBlock, list[Choice] | Drawn]]:
        # A block is some ten thousand objects without a cycle, and looking for one took a fifth of the time.
        with RareCollection():
            for block in self._blocks:
                for alike in block.screened:
                    self._tally.add_alike(alike)
                yield block, self._draw(block.sided) if block.sided else self._choices_of(block)

    def _choices_of(self, block: JudgedBlock) -> list[Choice]:
        choices: list[Choice] = []
        for prompt in block.prompts:
            reason, made = self._rule(prompt)
            self._tally.add(prompt, reason, made)
            if made:
                self._funnel.add(prompt, made)
                choices.extend(made)
        return choices

    def _draw(self, sided: SidedBlock) -> Drawn:
        prompts, sides = sided.prompts, sided.sides
        pairs = draw_sides(prompts, sides)
        made = np.bincount(pairs.prompts, minlength=len(prompts.question_ids)).tolist()
        for (counts, each), number in Counter(zip(sided.counts, made, strict=True)).items():
            reason = sides.kept if each else sides.alike
            self._tally.add_alike(
                Alike(reason=reason, counts=counts, style=prompts.style, prompts=number, pairs=number * each)
            )
        self._funnel.add_sided(prompts, pairs)
        chosen, rejected = prompts.rows[pairs.chosen].tolist(), prompts.rows[pairs.rejected].tolist()
        margins = (prompts.values[pairs.chosen] - prompts.values[pairs.rejected]).tolist()
        return Drawn(chosen, rejected, margins, sided.origins(chosen))


def _pairs_of(block: JudgedBlock, choices: Sequence[Choice]) -> list[Pair]:
    sides = [side for choice in choices for side in (choice.chosen, choice.rejected)]
    ids = block.token_ids([side.row for side in sides])
    responses = build_records(Response, ("text", "token_ids"), [[side.text for side in sides], ids])
    columns = {**_plain_columns(choices), "chosen": responses[0::2], "rejected": responses[1::2]}
    return build_records(Pair, columns, list(columns.values()))


def _rows_of(table: pa.Table) -> list[Pair]:
    slots = slots_of(Pair)
    names = table.schema.names
    return build_records(Pair, names, [slots[name].decode(table.column(name).combine_chunks()) for name in names])


def _table_of(block: JudgedBlock, picked: Sequence[Choice] | Drawn) -> pa.Table:
    """Columns of fields that no choice says anything of are left out: those marked `RARE` have their defaults."""
    slots = slots_of(Pair)
    if isinstance(picked, Drawn):
        columns = {**picked.origins, "margin": slots["margin"].encode(picked.margins)}
        rows = {"chosen": picked.chosen, "rejected": picked.rejected}
    else:
        columns = {name: slots[name].encode(values) for name, values in _plain_columns(picked).items()}
        rows = {side: [getattr(choice, side).row for choice in picked] for side in ("chosen", "rejected")}
    for side, numbers in rows.items():
        columns[side] = _as_response(block.responses(numbers), slots[side].column.arrow)
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

"""What a rule of pairing is, and the one pass in which its pairs are made and its drops are counted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from seewhy.pairs.judged import Judged, JudgedBlock, judged_blocks
from seewhy.records.collecting import RareCollection
from seewhy.records.columns import build_records
from seewhy.records.types import Chain, Pair, Response, Verdict

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Two chains of one prompt, the first preferred."""

    chosen: Judged
    rejected: Judged
    margin: float
    """Score of the chosen minus score of the rejected."""


class Tally(Protocol[S_co]):
    """Counts what a rule made of each prompt."""

    def add(self, prompt: Sequence[Judged], reason: StrEnum, choices: Sequence[Choice]) -> None:
        """Count one prompt."""
        ...

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
    """One pass of a rule: iterate over it for the pairs; `stats` then holds what was kept and dropped.

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
        self._pairs = self._pass(judged_blocks(chains, verdicts, start, stop))

    def __iter__(self) -> Iterator[Pair]:
        return self._pairs

    @property
    def stats(self) -> S:
        """What became of the prompts that were passed so far."""
        return self._tally.stats()

    def run(self) -> S:
        """The counts of the whole pass, its pairs thrown away."""
        for _ in self:
            pass
        return self.stats

    def _pass(self, blocks: Iterable[JudgedBlock]) -> Iterator[Pair]:
        # A block is some ten thousand objects without a cycle, and looking for one took a fifth of the time.
        with RareCollection():
            for block in blocks:
                yield from _pairs_of(block, self._choices_of(block))

    def _choices_of(self, block: JudgedBlock) -> list[Choice]:
        choices: list[Choice] = []
        for prompt in block.prompts:
            reason, made = self._rule(prompt)
            self._tally.add(prompt, reason, made)
            choices.extend(made)
        return choices


def _pairs_of(block: JudgedBlock, choices: Sequence[Choice]) -> list[Pair]:
    sides = [side for choice in choices for side in (choice.chosen, choice.rejected)]
    ids = block.token_ids([side.row for side in sides])
    responses = build_records(Response, ("text", "token_ids"), [[side.text for side in sides], ids])
    columns = {
        "question_id": [choice.chosen.question_id for choice in choices],
        "style": [choice.chosen.style for choice in choices],
        "chosen": responses[0::2],
        "rejected": responses[1::2],
        "source": [choice.chosen.judge for choice in choices],
        "margin": [choice.margin for choice in choices],
    }
    return build_records(Pair, columns, list(columns.values()))

"""Prefer chains that end right to chains that end wrong, on questions that are neither too easy nor too hard.

Source: LLaVA-Reasoner (arXiv 2410.16198), sections 3.3 and 5: accuracy in [0.25, 0.85], random positive with random
negative, at most 3 pairs a question.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

from seewhy.pairs.blocks import LOGPROBS, Alike, OutcomeCounts
from seewhy.pairs.choosing import Pick, ordered, pair_up, require_pick
from seewhy.pairs.judged import Choice, Judged
from seewhy.pairs.rule import Pairing, PairRule, Tally
from seewhy.pairs.sided import Sides
from seewhy.records.ranges import require_least, require_seed
from seewhy.records.types import Chain, Outcome, Pair, Style, Verdict


class DropReason(StrEnum):
    """What became of a prompt's chains."""

    KEPT = "kept"
    BELOW_BAND = "below_band"
    ABOVE_BAND = "above_band"
    UNJUDGED = "unjudged"
    NO_DISTINCT_ANSWERS = "no_distinct_answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByOutcome:
    """How pairs are chosen among the chains of one prompt (a question in one style).

    The accuracy of a prompt is its CORRECT chains over those that are CORRECT, INCORRECT or NO_ANSWER.
    """

    lowest: float = 0.25
    """Least accuracy, itself allowed (LLaVA-Reasoner, section 5)."""
    highest: float = 0.85
    """Most accuracy, itself allowed (LLaVA-Reasoner, section 5)."""
    most: int = 3
    """Pairs a prompt at most (LLaVA-Reasoner, section 5)."""
    seed: int = 0
    """Seed of the choice among a prompt's chains."""
    format_negatives: bool = False
    """Whether chains without a readable answer may be rejected too: that teaches the format, not the reasoning.
    `by_format` makes a stream of its own of them."""
    pick: str = Pick.RANDOM
    """Which of the right and of the wrong chains: `random`, `best_worst` or `hardest`."""

    def __post_init__(self) -> None:
        """Refuse a band that contains no accuracy."""
        if not 0.0 <= self.lowest <= self.highest <= 1.0:
            raise ValueError(f"lowest and highest are shares from 0 to 1, lowest first, and are {self.lowest} and "
                             f"{self.highest}")  # fmt: skip
        require_least(self, 1, "most")
        require_seed(self)
        require_pick(self.pick)

    @property
    def reads(self) -> Sequence[str]:
        """Log-probabilities, where the hardest pairs are wanted."""
        return (LOGPROBS,) if self.pick == Pick.HARDEST else ()

    @property
    def sides(self) -> Sides | None:
        """Right and wrong chains, where they are taken by chance."""
        return self._sides() if self.pick == Pick.RANDOM else None

    def screen(self, counts: OutcomeCounts) -> DropReason | None:
        """Why a prompt is dropped by its outcomes; None where its chains must be looked at."""
        if counts.judged == 0:
            return DropReason.UNJUDGED
        if counts.correct / counts.judged < self.lowest:
            return DropReason.BELOW_BAND
        if counts.correct / counts.judged > self.highest:
            return DropReason.ABOVE_BAND
        wrong = counts.incorrect + (counts.no_answer if self.format_negatives else 0)
        return None if counts.correct and wrong else DropReason.NO_DISTINCT_ANSWERS

    def __call__(self, prompt: Sequence[Judged]) -> tuple[DropReason, tuple[Choice, ...]]:
        """What becomes of one prompt's chains, and the pairs among them: none unless they are KEPT."""
        dropped = self.screen(OutcomeCounts.of(prompt))
        if dropped:
            return dropped, ()
        choices = self._choose(prompt)
        return (DropReason.KEPT if choices else DropReason.NO_DISTINCT_ANSWERS), choices

    def new_tally(self) -> "OutcomeTally":
        """Counters of prompts by what became of them, and by how many of their chains were right."""
        return OutcomeTally()

    def explain(self, chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> str:
        """What to change where no pair is left."""
        return "widen the band with lowest and highest, or sample more chains of each question"

    def _choose(self, prompt: Sequence[Judged]) -> tuple[Choice, ...]:
        """A positive or negative is used again only when no fresher one is left."""
        sides, pick = self._sides(), Pick(self.pick)
        rng = random.Random(sides.seed_of(prompt[0].question_id, prompt[0].style))
        chosen = ordered([one for one in prompt if one.outcome in sides.chosen], pick, rng, is_chosen=True)
        rejected = ordered([one for one in prompt if one.outcome in sides.rejected], pick, rng, is_chosen=False)
        return pair_up(chosen, rejected, self.most)

    def _sides(self) -> Sides:
        negative = (Outcome.INCORRECT, Outcome.NO_ANSWER) if self.format_negatives else (Outcome.INCORRECT,)
        return Sides(chosen=(Outcome.CORRECT,), rejected=negative, most=self.most, seed=str(self.seed),
                     kept=DropReason.KEPT, alike=DropReason.NO_DISTINCT_ANSWERS)  # fmt: skip


def pair_chains(rule: PairRule[object], chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> Iterator[Pair]:
    """The pairs that a rule (`ByOutcome`, `ByScore`) makes of each prompt, in the order in which `chains` names it.

    Two `RowReader` stream; `Pairing` gives the counts of the same pass, too. Raises `ValueError` that names a chain or
    verdict that is without its counterpart or occurs twice.
    """
    return iter(Pairing(rule, chains, verdicts))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class AccuracyBin:
    """How many prompts had `right` of `judged` chains right."""

    judged: int
    right: int
    prompts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingStats:
    """What a rule made of the chains; `seen` is the sum of the five counts after it."""

    seen: int
    """Prompts: questions, counted once for each style they were asked in."""
    kept: int
    below_band: int
    above_band: int
    unjudged: int
    no_distinct_answers: int
    """In the band, but without two chains of different outcome, answer and text."""
    pairs: int
    pairs_by_style: tuple[tuple[Style, int], ...]
    accuracies: tuple[AccuracyBin, ...]
    """Histogram of the judged prompts, those outside the band included, by (judged, right)."""

    @property
    def named(self) -> dict[str, int]:
        """The counts by name, as a manifest holds them."""
        dropped = ("below_band", "above_band", "unjudged", "no_distinct_answers")
        return {
            "questions seen": self.seen, "questions kept": self.kept,
            **{f"dropped {name.replace('_', ' ')}": int(getattr(self, name)) for name in dropped},
        }  # fmt: skip

    def __add__(self, other: "PairingStats") -> "PairingStats":
        """The counts of two parts of the chains."""
        tally = OutcomeTally()
        for part in (self, other):
            tally.take(part)
        return tally.stats()


class OutcomeTally(Tally[PairingStats]):
    """Counts prompts by what became of them."""

    def __init__(self) -> None:
        self._reasons: Counter[StrEnum] = Counter()
        self._styles: Counter[Style] = Counter()
        self._bins: Counter[tuple[int, int]] = Counter()

    def add(self, prompt: Sequence[Judged], reason: StrEnum, choices: Sequence[Choice]) -> None:
        """Count one prompt."""
        counts = OutcomeCounts.of(prompt)
        self._count(reason, counts, 1)
        self._styles[prompt[0].style] += len(choices)

    def add_alike(self, alike: Alike) -> None:
        """Count prompts that were passed in columns."""
        self._count(alike.reason, alike.counts, alike.prompts)
        self._styles[alike.style] += alike.pairs

    def _count(self, reason: StrEnum, counts: OutcomeCounts, prompts: int) -> None:
        self._reasons[reason] += prompts
        self._bins[counts.judged, counts.correct] += prompts if counts.judged else 0

    def take(self, part: PairingStats) -> None:
        """Count what another tally counted."""
        values = {one.name: getattr(part, one.name) for one in fields(part)}
        self._reasons.update({reason: values[reason.value] for reason in DropReason})
        self._styles.update(dict(part.pairs_by_style))
        self._bins.update({(one.judged, one.right): one.prompts for one in part.accuracies})

    def stats(self) -> PairingStats:
        """All counts so far."""
        reasons, styles, bins = self._reasons, self._styles, self._bins
        return PairingStats(
            seen=reasons.total(),
            kept=reasons[DropReason.KEPT],
            below_band=reasons[DropReason.BELOW_BAND],
            above_band=reasons[DropReason.ABOVE_BAND],
            unjudged=reasons[DropReason.UNJUDGED],
            no_distinct_answers=reasons[DropReason.NO_DISTINCT_ANSWERS],
            pairs=styles.total(),
            pairs_by_style=tuple(sorted(styles.items())),
            accuracies=tuple(sorted(AccuracyBin(judged=j, right=r, prompts=n) for (j, r), n in bins.items() if n)),
        )


def account_of(rule: ByOutcome, chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> PairingStats:
    """Where every prompt went under `rule`; two `RowReader` stream."""
    return Pairing(rule, chains, verdicts).run()

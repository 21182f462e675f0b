"""Prefer chains that end right to chains that end wrong, on questions that are neither too easy nor too hard.

Source: LLaVA-Reasoner (arXiv 2410.16198), sections 3.3 and 5: accuracy in [0.25, 0.85], random positive with random
negative, at most 3 pairs a question.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from seewhy.pairs.judged import Judged, distinct_texts, group_by_prompt, join_verdicts
from seewhy.records.types import Chain, Outcome, Pair, Style, Verdict

PairRule = Callable[[Sequence[Judged]], tuple[StrEnum, tuple[Pair, ...]]]
"""What becomes of one prompt's chains, and the pairs among them."""


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
    """Address of the choice among a prompt's chains."""
    format_negatives: bool = False
    """Whether chains without a readable answer may be rejected too: that teaches the format, not the reasoning."""

    def __post_init__(self) -> None:
        """Refuse a band that no accuracy lies in."""
        if not 0.0 <= self.lowest <= self.highest <= 1.0:
            raise ValueError(f"the band [{self.lowest}, {self.highest}] must lie in [0, 1], lowest first")
        if self.most < 1:
            raise ValueError(f"most={self.most} pairs a question leaves none; use 1 or more")

    def __call__(self, prompt: Sequence[Judged]) -> tuple[DropReason, tuple[Pair, ...]]:
        """What becomes of one prompt's chains, and the pairs among them: none unless they are KEPT."""
        right, judged = count_right(prompt)
        if judged == 0:
            return DropReason.UNJUDGED, ()
        if right / judged < self.lowest:
            return DropReason.BELOW_BAND, ()
        if right / judged > self.highest:
            return DropReason.ABOVE_BAND, ()
        pairs = self._choose(prompt)
        return (DropReason.KEPT if pairs else DropReason.NO_DISTINCT_ANSWERS), pairs

    def unfit(self, prompt: Sequence[Judged]) -> Counter[str]:
        """No chain is left out beforehand."""
        return Counter()

    def explain(self, prompts: Sequence[Sequence[Judged]]) -> str:
        """What to change where no pair is left."""
        return "widen the band with lowest and highest, or sample more chains of each question"

    def _choose(self, prompt: Sequence[Judged]) -> tuple[Pair, ...]:
        """Random pairs, a positive or negative used again only when no fresher one is left."""
        chain = prompt[0].chain
        rng = random.Random(f"{self.seed}/{chain.question_id}/{chain.style}")
        negative = {Outcome.INCORRECT, Outcome.NO_ANSWER} if self.format_negatives else {Outcome.INCORRECT}
        chosen = _shuffled(prompt, {Outcome.CORRECT}, rng)
        rejected = _shuffled(prompt, negative, rng)
        used: Counter[tuple[str, int]] = Counter()
        taken: list[tuple[Judged, Judged]] = []
        while len(taken) < self.most and (pair := _freshest(chosen, rejected, used, taken)):
            taken.append(pair)
            used.update((("chosen", pair[0].chain.index), ("rejected", pair[1].chain.index)))
        return tuple(_pair(*pair) for pair in taken)


def _freshest(
    chosen: list[Judged],
    rejected: list[Judged],
    used: Counter[tuple[str, int]],
    taken: list[tuple[Judged, Judged]],
) -> tuple[Judged, Judged] | None:
    """The pair not yet taken whose positive, then whose negative, was used least; ties in the shuffled order."""
    freshest_first = sorted(rejected, key=lambda one: used["rejected", one.chain.index])
    for positive in sorted(chosen, key=lambda one: used["chosen", one.chain.index]):
        for negative in freshest_first:
            if _differ(positive, negative) and (positive, negative) not in taken:
                return positive, negative
    return None


def count_right(prompt: Iterable[Judged]) -> tuple[int, int]:
    """How many chains are CORRECT, and how many a judge could judge."""
    outcomes = Counter(one.verdict.outcome for one in prompt)
    return outcomes[Outcome.CORRECT], outcomes.total() - outcomes[Outcome.UNJUDGED]


def _shuffled(prompt: Sequence[Judged], outcomes: set[Outcome], rng: random.Random) -> list[Judged]:
    """In an order that the order of the rows on disk does not change."""
    of_outcome = sorted((one for one in prompt if one.verdict.outcome in outcomes), key=lambda one: one.chain.index)
    distinct = distinct_texts(of_outcome)
    rng.shuffle(distinct)
    return distinct


def _differ(chosen: Judged, rejected: Judged) -> bool:
    return chosen.folded_answer != rejected.folded_answer and chosen.chain.text.strip() != rejected.chain.text.strip()


def _pair(chosen: Judged, rejected: Judged) -> Pair:
    return Pair(
        question_id=chosen.chain.question_id,
        style=chosen.chain.style,
        chosen=chosen.response,
        rejected=rejected.response,
        source=chosen.verdict.judge,
        margin=chosen.score - rejected.score,
    )


def pair_chains(rule: PairRule, chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> Iterator[Pair]:
    """The pairs that a rule (`ByOutcome`, `ByScore`) makes of each prompt, in the order in which `chains` names it.

    Raises `ValueError` that names a chain or verdict that stands alone or occurs twice.
    """
    for prompt in group_by_prompt(join_verdicts(chains, verdicts)).values():
        yield from rule(prompt)[1]


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


def account_of(rule: ByOutcome, chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> PairingStats:
    """Where every prompt went under `rule`."""
    fates: Counter[DropReason] = Counter()
    styles: Counter[Style] = Counter()
    bins: Counter[tuple[int, int]] = Counter()
    for (_, style), prompt in group_by_prompt(join_verdicts(chains, verdicts)).items():
        fate, pairs = rule(prompt)
        right, judged = count_right(prompt)
        fates[fate] += 1
        styles[style] += len(pairs)
        bins[judged, right] += judged > 0
    return PairingStats(
        seen=fates.total(),
        kept=fates[DropReason.KEPT],
        below_band=fates[DropReason.BELOW_BAND],
        above_band=fates[DropReason.ABOVE_BAND],
        unjudged=fates[DropReason.UNJUDGED],
        no_distinct_answers=fates[DropReason.NO_DISTINCT_ANSWERS],
        pairs=styles.total(),
        pairs_by_style=tuple(sorted(styles.items())),
        accuracies=tuple(sorted(AccuracyBin(judged=j, right=r, prompts=n) for (j, r), n in bins.items() if n)),
    )

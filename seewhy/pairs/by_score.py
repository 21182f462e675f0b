"""Prefer the chain that a judge scored best to the one it scored worst, where the two are a margin apart.

Source: mm-cot-rlaif, which pairs the best with the worst of eight, drops a question whose best grade is 2 or less, and
takes any difference for a preference.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

from seewhy.pairs.blocks import judged_blocks
from seewhy.pairs.judged import Choice, Judged, distinct_texts
from seewhy.pairs.rule import Pairing, Tally
from seewhy.records.ranges import require_above, require_least
from seewhy.records.types import Chain, FinishReason, Outcome, Verdict

ROUNDING = 1e-9
"""Means of votes a margin apart may differ from it by the rounding of floats."""


class ScoreFate(StrEnum):
    """What became of a prompt's chains."""

    KEPT = "kept"
    TOO_FEW_JUDGED = "too_few_judged"
    BEST_TOO_LOW = "best_too_low"
    NO_MARGIN = "no_margin"
    ONE_OUTCOME = "one_outcome"
    """Where `right` is asked: none is right, or none is wrong."""


class ScoreDropReason(StrEnum):
    """Why a chain stands in no pair, whatever the others are."""

    NO_SCORE = "no score"
    CUT_OFF = "cut off"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByScore:
    """How a pair is chosen among the scored chains of one prompt (a question in one style).

    A chain that is UNJUDGED or has no score is in no pair, nor is one that the token limit cut off.
    """

    margin: float = 1.0
    """Least difference of the two scores, in the judge's own unit (RLAIF-V, arXiv 2405.17220: 1)."""
    above: float | None = None
    """The best score must be above it; mm-cot-rlaif: 2 of 5."""
    least_judged: int = 2
    """Chains with a score that a prompt needs."""
    right: bool = False
    """Whether the preferred chain must be CORRECT and the other INCORRECT, whatever their scores: for verdicts whose
    outcome is the comparison with the gold answer, as of judge `rubric` with `by_gold`. A chain without a readable
    answer is neither."""
    balance: bool = False
    """Whether pairs are left out until both sides are equally long on average (RLAIF-V; stage `balance`): judges like
    long replies, and DPO learns the length."""

    def __post_init__(self) -> None:
        """Refuse a margin that lets equals be a pair."""
        require_above(self, 0, "margin")
        if self.above is not None:
            require_least(self, 0, "above")
        if self.least_judged < 2:
            raise ValueError(f"least_judged={self.least_judged}: a pair needs 2 chains")

    def __call__(self, prompt: Sequence[Judged]) -> tuple[ScoreFate, tuple[Choice, ...]]:
        """What becomes of one prompt's chains, and the pair among them: none unless they are KEPT."""
        scored = sorted((one for one, unfit in sort_out(prompt) if unfit is None), key=lambda one: one.index)
        if len(scored) < self.least_judged:
            return ScoreFate.TOO_FEW_JUDGED, ()
        right, wrong = self._sides(scored)
        if not right or not wrong:
            return ScoreFate.ONE_OUTCOME, ()
        best, worst = max(right, key=score_of), min(wrong, key=score_of)
        if self.above is not None and score_of(best) <= self.above:
            return ScoreFate.BEST_TOO_LOW, ()
        if score_of(best) - score_of(worst) < self.margin - ROUNDING:
            return ScoreFate.NO_MARGIN, ()
        return ScoreFate.KEPT, (Choice(chosen=best, rejected=worst, margin=score_of(best) - score_of(worst)),)

    def _sides(self, scored: Sequence[Judged]) -> tuple[list[Judged], list[Judged]]:
        """The chains that may be preferred, and those that others may be preferred to."""
        if not self.right:
            return list(scored), list(scored)
        return ([one for one in scored if one.outcome is Outcome.CORRECT],
                [one for one in scored if one.outcome is Outcome.INCORRECT])  # fmt: skip

    def new_tally(self) -> "ScoreTally":
        """Counters of prompts by what became of them, and of chains by why they are in no pair."""
        return ScoreTally()

    def explain(self, chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> str:
        """What to change where no pair is left."""
        rows = list(verdicts)
        if all(row.score is None for row in rows):
            judges = " and ".join(sorted({row.judge for row in rows})) or "nobody"
            unjudged = sum(row.outcome is Outcome.UNJUDGED for row in rows)
            return (f"none of {len(rows)} verdicts by {judges} has a score ({unjudged} are unjudged): choose a judge "
                    "that scores, such as rubric, or the rule by_outcome")  # fmt: skip
        gap = widest_gap(chains, rows)
        return f"the widest gap of two scores is {gap:.3g}: choose margin and above in the judge's own unit"


def score_of(one: Judged) -> float:
    """The judge's own score of a chain that has one."""
    assert one.score is not None
    return one.score


def sort_out(prompt: Sequence[Judged]) -> list[tuple[Judged, ScoreDropReason | None]]:
    """Each chain of a prompt, and why it cannot stand in a pair; None where it can."""
    first = {id(one) for one in distinct_texts(one for one in prompt if _flaw(one) is None)}
    return [(one, _flaw(one) or (None if id(one) in first else ScoreDropReason.REPEATED)) for one in prompt]


def widest_gap(chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> float:
    """The largest difference of two scores of one prompt; 0.0 where no prompt has two chains that may stand in a pair.

    Raises `ValueError` that names a chain or verdict that is without its counterpart or occurs twice.
    """
    widest = 0.0
    for block in judged_blocks(chains, verdicts):
        for prompt in block.prompts:
            scores = [score_of(one) for one, unfit in sort_out(prompt) if unfit is None]
            widest = max(widest, max(scores, default=0.0) - min(scores, default=0.0))
    return widest


def _flaw(one: Judged) -> ScoreDropReason | None:
    if one.score is None or one.outcome is Outcome.UNJUDGED:
        return ScoreDropReason.NO_SCORE
    return ScoreDropReason.CUT_OFF if one.stop is FinishReason.LENGTH else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreAccount:
    """What a rule made of the chains; `seen` is the sum of the five counts after it."""

    seen: int
    """Prompts: questions, counted once for each style they were asked in."""
    kept: int
    """Prompts with a pair, one each."""
    too_few_judged: int
    best_too_low: int
    no_margin: int
    one_outcome: int
    chains: int
    """All chains; those that could stand in no pair are counted by reason below."""
    no_score: int
    cut_off: int
    repeated: int

    @property
    def named(self) -> dict[str, int]:
        """The counts by name, as a manifest holds them."""
        return {
            "questions seen": self.seen, "questions kept": self.kept,
            "dropped too few scored chains": self.too_few_judged, "dropped best too low": self.best_too_low,
            "dropped no margin": self.no_margin, "dropped all right or all wrong": self.one_outcome,
            "chains without a score": self.no_score,
            "chains cut off": self.cut_off, "chains repeated": self.repeated,
        }  # fmt: skip

    def __add__(self, other: "ScoreAccount") -> "ScoreAccount":
        """The counts of two parts of the chains."""
        return ScoreAccount(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})


class ScoreTally(Tally[ScoreAccount]):
    """Counts prompts by what became of them, and chains by why they are in no pair."""

    def __init__(self) -> None:
        self._fates: Counter[StrEnum] = Counter()
        self._unfit: Counter[ScoreDropReason | None] = Counter()

    def add(self, prompt: Sequence[Judged], reason: StrEnum, choices: Sequence[Choice]) -> None:
        """Count one prompt and its chains."""
        self._fates[reason] += 1
        self._unfit.update(unfit for _, unfit in sort_out(prompt))

    def stats(self) -> ScoreAccount:
        """All counts so far."""
        return ScoreAccount(
            seen=self._fates.total(),
            kept=self._fates[ScoreFate.KEPT],
            too_few_judged=self._fates[ScoreFate.TOO_FEW_JUDGED],
            best_too_low=self._fates[ScoreFate.BEST_TOO_LOW],
            no_margin=self._fates[ScoreFate.NO_MARGIN],
            one_outcome=self._fates[ScoreFate.ONE_OUTCOME],
            chains=self._unfit.total(),
            no_score=self._unfit[ScoreDropReason.NO_SCORE],
            cut_off=self._unfit[ScoreDropReason.CUT_OFF],
            repeated=self._unfit[ScoreDropReason.REPEATED],
        )


def account_of_scores(rule: ByScore, chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> ScoreAccount:
    """Where every prompt and every chain went under `rule`; two `RowReader` stream.

    Raises `ValueError` that names a chain or verdict that is without its counterpart or occurs twice.
    """
    return Pairing(rule, chains, verdicts).run()

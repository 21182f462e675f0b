"""Prefer the chain that a judge scored best to the one it scored worst, where the two are a margin apart.

Source: mm-cot-rlaif, which pairs the best with the worst of eight, drops a question whose best grade is 2 or less, and
takes any difference for a preference.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from seewhy.pairs.judged import Judged, distinct_texts, group_by_prompt, join_verdicts
from seewhy.records.types import Chain, FinishReason, Outcome, Pair, Verdict

ROUNDING = 1e-9
"""Means of votes a margin apart may differ from it by the rounding of floats."""


class ScoreFate(StrEnum):
    """What became of a prompt's chains."""

    KEPT = "kept"
    TOO_FEW_JUDGED = "too_few_judged"
    BEST_TOO_LOW = "best_too_low"
    NO_MARGIN = "no_margin"


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

    def __post_init__(self) -> None:
        """Refuse a margin that lets equals be a pair."""
        if self.margin <= 0:
            raise ValueError(f"margin={self.margin}: equal scores are no preference; use a margin above 0")
        if self.least_judged < 2:
            raise ValueError(f"least_judged={self.least_judged}: a pair needs 2 chains")

    def __call__(self, prompt: Sequence[Judged]) -> tuple[ScoreFate, tuple[Pair, ...]]:
        """What becomes of one prompt's chains, and the pair among them: none unless they are KEPT."""
        scored = sorted((one for one, unfit in sort_out(prompt) if unfit is None), key=lambda one: one.chain.index)
        if len(scored) < self.least_judged:
            return ScoreFate.TOO_FEW_JUDGED, ()
        best, worst = max(scored, key=score_of), min(scored, key=score_of)
        if self.above is not None and score_of(best) <= self.above:
            return ScoreFate.BEST_TOO_LOW, ()
        if score_of(best) - score_of(worst) < self.margin - ROUNDING:
            return ScoreFate.NO_MARGIN, ()
        pair = Pair(
            question_id=best.chain.question_id,
            style=best.chain.style,
            chosen=best.response,
            rejected=worst.response,
            source=best.verdict.judge,
            margin=score_of(best) - score_of(worst),
        )
        return ScoreFate.KEPT, (pair,)

    def unfit(self, prompt: Sequence[Judged]) -> Counter[str]:
        """Chains of a prompt that stand in no pair whatever the others are, by reason."""
        return Counter(f"chains {reason.value}" for _, reason in sort_out(prompt) if reason is not None)

    def explain(self, prompts: Sequence[Sequence[Judged]]) -> str:
        """What to change where no pair is left."""
        scores = [[score_of(one) for one, unfit in sort_out(prompt) if unfit is None] for prompt in prompts]
        gap = max((max(of_prompt) - min(of_prompt) for of_prompt in scores if of_prompt), default=0.0)
        return f"the widest gap of two scores is {gap:.3g}: choose margin and above in the judge's own unit"


def score_of(one: Judged) -> float:
    """The judge's own score of a chain that has one."""
    assert one.verdict.score is not None
    return one.verdict.score


def sort_out(prompt: Sequence[Judged]) -> list[tuple[Judged, ScoreDropReason | None]]:
    """Each chain of a prompt, and why it cannot stand in a pair; None where it can."""
    first = {id(one) for one in distinct_texts(one for one in prompt if _flaw(one) is None)}
    return [(one, _flaw(one) or (None if id(one) in first else ScoreDropReason.REPEATED)) for one in prompt]


def _flaw(one: Judged) -> ScoreDropReason | None:
    if one.verdict.score is None or one.verdict.outcome is Outcome.UNJUDGED:
        return ScoreDropReason.NO_SCORE
    return ScoreDropReason.CUT_OFF if one.chain.stop is FinishReason.LENGTH else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreAccount:
    """What a rule made of the chains; `seen` is the sum of the four counts after it."""

    seen: int
    """Prompts: questions, counted once for each style they were asked in."""
    kept: int
    """Prompts with a pair, one each."""
    too_few_judged: int
    best_too_low: int
    no_margin: int
    chains: int
    """All chains; those that could stand in no pair are counted by reason below."""
    no_score: int
    cut_off: int
    repeated: int


def account_of_scores(rule: ByScore, chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> ScoreAccount:
    """Where every prompt and every chain went under `rule`.

    Raises `ValueError` that names a chain or verdict that stands alone or occurs twice.
    """
    prompts = list(group_by_prompt(join_verdicts(chains, verdicts)).values())
    fates = Counter(rule(prompt)[0] for prompt in prompts)
    unfit = Counter(reason for prompt in prompts for _, reason in sort_out(prompt))
    return ScoreAccount(
        seen=len(prompts),
        kept=fates[ScoreFate.KEPT],
        too_few_judged=fates[ScoreFate.TOO_FEW_JUDGED],
        best_too_low=fates[ScoreFate.BEST_TOO_LOW],
        no_margin=fates[ScoreFate.NO_MARGIN],
        chains=unfit.total(),
        no_score=unfit[ScoreDropReason.NO_SCORE],
        cut_off=unfit[ScoreDropReason.CUT_OFF],
        repeated=unfit[ScoreDropReason.REPEATED],
    )

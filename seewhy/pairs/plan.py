"""How a run makes pairs of judged chains: by which rule, with which settings."""

from dataclasses import dataclass, fields

from seewhy.pairs.by_outcome import ByOutcome
from seewhy.pairs.by_score import ByScore

OUTCOME, SCORE = "outcome", "score"
OF_OUTCOME, OF_SCORE = ByOutcome(), ByScore()
TAKEN = {
    OUTCOME: ("lowest", "highest", "most", "format_negatives"),
    SCORE: ("margin", "above", "least_judged"),
}
"""What each rule takes; the seed belongs to all, for one option sets every seed of a recipe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingPlan:
    """Which chains of a question are preferred to which; a setting that belongs to the other rule is refused.

    Example:
        >>> PairingPlan(by="score", margin=0.2).rule
        ByScore(margin=0.2, above=None, least_judged=2)
    """

    by: str = OUTCOME
    """`outcome` prefers right chains to wrong ones; `score` the chain that the judge scored best to the worst."""
    lowest: float = OF_OUTCOME.lowest
    """By outcome: least accuracy of a question, itself allowed (LLaVA-Reasoner, section 5)."""
    highest: float = OF_OUTCOME.highest
    """By outcome: most accuracy of a question, itself allowed (LLaVA-Reasoner, section 5)."""
    most: int = OF_OUTCOME.most
    """By outcome: pairs a question at most (LLaVA-Reasoner, section 5); by score there is one."""
    seed: int = OF_OUTCOME.seed
    """Address of the choice among a question's chains; by score nothing is left to chance."""
    format_negatives: bool = OF_OUTCOME.format_negatives
    """By outcome: let chains without a readable answer be rejected too: that teaches the format, not the reasoning."""
    margin: float = OF_SCORE.margin
    """By score: least difference of best and worst (RLAIF-V, arXiv 2405.17220: 1), in the judge's own unit. The rubric
    grades from 1 to 5, sentences and ratings get 0.0 to 1.0, facts are counted."""
    above: float | None = OF_SCORE.above
    """By score: the best must be above it; mm-cot-rlaif: 2 of 5."""
    least_judged: int = OF_SCORE.least_judged
    """By score: chains with a score that a question needs."""

    def __post_init__(self) -> None:
        """Refuse an unknown rule, what the rule itself refuses, and what it would not read."""
        if self.by not in TAKEN:
            raise ValueError(f"by={self.by!r}: pairs are made by {' or '.join(TAKEN)}")
        other = SCORE if self.by == OUTCOME else OUTCOME
        values = {one.name: (getattr(self, one.name), one.default) for one in fields(self)}
        for name in TAKEN[other]:
            value, default = values[name]
            if value != default:
                raise ValueError(f"{name}={value} is a setting of pairs by {other}, and these are made by {self.by}")
        assert self.rule

    @property
    def rule(self) -> ByOutcome | ByScore:
        """The rule with its settings."""
        if self.by == SCORE:
            return ByScore(margin=self.margin, above=self.above, least_judged=self.least_judged)
        return ByOutcome(
            lowest=self.lowest, highest=self.highest, most=self.most, seed=self.seed,
            format_negatives=self.format_negatives,
        )  # fmt: skip

    @property
    def max_pairs(self) -> int:
        """Pairs of one question, at most."""
        return self.most if self.by == OUTCOME else 1

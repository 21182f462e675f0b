"""Early stop of sampling: a question's first chains decide whether the rest is drawn, and what that biases is said.

A question is of use where its accuracy over all chains is in a band. After the first chains it is stopped where it
cannot reach the band any more, or where so few (or so many) right ones would be rare even for a question at the band's
edge. A stopped question is lost to training though its accuracy may be in the band: `chance_of_stop` says how likely.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import comb

from seewhy.records.ranges import require_least, require_share


class Fate(StrEnum):
    """What the first chains decide."""

    LIVE = "live"
    TOO_HARD = "too_hard"
    TOO_EASY = "too_easy"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStop:
    """Which questions get no more chains than their first ones.

    Example:
        >>> stop = EarlyStop(first=8, risk=0.11)
        >>> stop.fate(right=0, judged=8, left=24), stop.fate(right=1, judged=8, left=24)
        (<Fate.TOO_HARD: 'too_hard'>, <Fate.LIVE: 'live'>)
    """

    first: int = 0
    """Chains after which it is decided; 0 draws all chains of every question."""
    lowest: float = 0.25
    """Lower end of the band of accuracies, itself allowed (LLaVA-Reasoner, arXiv 2410.16198, section 5)."""
    highest: float = 0.85
    """Upper end of the band."""
    risk: float = 0.0
    """Chance with which a question at an end of the band may be stopped; 0 stops those that cannot reach it alone."""

    def __post_init__(self) -> None:
        """Refuse a band that contains no accuracy, and a risk outside [0, 1]."""
        require_least(self, 0, "first")
        require_share(self, "lowest", "highest", "risk")
        if self.lowest > self.highest:
            raise ValueError(f"lowest is {self.lowest}, above highest, which is {self.highest}")

    def fate(self, right: int, judged: int, left: int) -> Fate:
        """What becomes of a question with so many right of so many judged chains, and so many that are not drawn yet.

        UNJUDGED chains count as neither; a question of which none could be judged is live.
        """
        if not judged:
            return Fate.LIVE
        if (right + left) / (judged + left) < self.lowest or _at_most(right, judged, self.lowest) < self.risk:
            return Fate.TOO_HARD
        if right / (judged + left) > self.highest or _at_most(judged - right, judged, 1 - self.highest) < self.risk:
            return Fate.TOO_EASY
        return Fate.LIVE

    def chance_of_stop(self, accuracy: float, per_question: int) -> float:
        """How likely a question of this true accuracy is stopped, where every chain can be judged."""
        left = per_question - self.first
        return sum(
            comb(self.first, right) * accuracy**right * (1 - accuracy) ** (self.first - right)
            for right in range(self.first + 1)
            if self.fate(right, self.first, left) is not Fate.LIVE
        )


def _at_most(count: int, of: int, chance: float) -> float:
    """The chance of at most so many successes in `of` trials."""
    return sum(comb(of, k) * chance**k * (1 - chance) ** (of - k) for k in range(count + 1))

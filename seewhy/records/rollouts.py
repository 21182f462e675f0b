"""Rows of online training, in addition to the chains that it draws: what each earned, and how it was trained on."""

from dataclasses import dataclass, field

from seewhy.records.marks import FINITE
from seewhy.records.types import Span, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardRow:
    """What one rollout earned by one reward.

    Example:
        >>> RewardRow(question_id="q", index=0, style=Style.REASON, reward="outcome", value=1.0).spans
        ()
    """

    question_id: str
    index: int
    style: Style
    reward: str
    """Its name in the recipe."""
    value: float | None = field(default=None, metadata=FINITE)
    """None where the reward does not apply, or could not be computed; `why` says which."""
    why: str = ""
    spans: tuple[Span, ...] = ()
    """Where in the text it was earned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedRollout:
    """How a rollout was trained on; one number for each of its tokens, natural log-probabilities as it was drawn.

    Example:
        >>> TrainedRollout(question_id="q", index=0, style=Style.REASON, old=(-0.1,), advantages=(0.5,)).values
    """

    question_id: str
    index: int
    style: Style
    total: float | None = field(default=None, metadata=FINITE)
    """The weighted sum of its rewards; None where none applies."""
    old: tuple[float, ...]
    """Under the policy that drew it, as the trainer scores it."""
    reference: tuple[float, ...] | None = None
    """Under the frozen start, where a divergence from it is penalised."""
    values: tuple[float, ...] | None = None
    """The critic's value before each token."""
    advantages: tuple[float, ...]
    returns: tuple[float, ...] | None = None

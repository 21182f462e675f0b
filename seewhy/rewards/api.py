"""What every reward is: it sees a question with all rollouts of it, and says of each what it earned."""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from seewhy.records.types import Chain, Question, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What a rollout earned by one reward.

    Example:
        >>> Earned(value=1.0).spans
        ()
    """

    value: float | None
    """None: the reward does not apply to this rollout, or could not be determined. It is neither 0 nor a middle."""
    spans: tuple[Span, ...] = ()
    """Where in the text it was earned, each with its own part; empty where it belongs to the whole response."""
    why: str = ""
    """Where the value is None: the reason."""

    def __post_init__(self) -> None:
        """Refuse a value that is no finite number."""
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"a reward must be a finite number or None, not {self.value}")
        parts = math.fsum(span.score for span in self.spans)
        if self.spans and not math.isclose(self.value or 0.0, parts, abs_tol=1e-6):
            raise ValueError(f"a reward of {self.value} has parts that add up to {parts}")


@runtime_checkable
class Reward(Protocol):
    """A frozen dataclass whose fields are its settings.

    A field `chat_model` is given the model that judges, a field `policy` the policy.
    """

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        """What each rollout of a question earned, in their order; the same rollouts earn the same."""
        ...

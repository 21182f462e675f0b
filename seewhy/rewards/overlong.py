"""By rule: a soft punishment of responses that come near the limit (DAPO, arXiv 2503.14476, eq. 13)."""

from dataclasses import dataclass

from seewhy.records.types import Chain, Question
from seewhy.rewards.api import Earned


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlongReward:
    """0 up to `tokens` - `buffer`, then falling by the token to -1 at `tokens` and beyond."""

    tokens: int
    """The most tokens that a response should have, at most the limit of drawing."""
    buffer: int
    """Tokens before that over which the punishment grows (DAPO: 4,096 of 20,480)."""

    def __post_init__(self) -> None:
        """Refuse a buffer that is not within the length."""
        if not 0 < self.buffer <= self.tokens:
            raise ValueError(f"buffer must be above 0 and at most tokens ({self.tokens}), not {self.buffer}")

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        lengths = [len(chain.token_ids or chain.text.split()) for chain in chains]
        return tuple(Earned(value=-min(1.0, max(0.0, (n - self.tokens + self.buffer) / self.buffer))) for n in lengths)

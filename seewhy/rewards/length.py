"""By rule: how long the response is, for or against. By itself it is what a policy learns to cheat with."""

from dataclasses import dataclass

from seewhy.records.types import Chain, Question
from seewhy.rewards.api import Earned


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthReward:
    """tokens / `tokens`, at most 1; with `shorter`, 1 less that."""

    tokens: int = 256
    """Length from which on the reward no longer changes."""
    shorter: bool = False
    """Pay for being short."""

    def __post_init__(self) -> None:
        """Refuse a length of nothing."""
        if self.tokens < 1:
            raise ValueError(f"tokens must be 1 or above, not {self.tokens}")

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        shares = [min(1.0, len(chain.token_ids or chain.text.split()) / self.tokens) for chain in chains]
        return tuple(Earned(value=1.0 - share if self.shorter else share) for share in shares)

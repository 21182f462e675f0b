"""By rule: how much of the response was said before in it."""

from dataclasses import dataclass

from seewhy.records.repeats import GRAM, repeated_share
from seewhy.records.types import Chain, Question
from seewhy.rewards.api import Earned


@dataclass(frozen=True, slots=True, kw_only=True)
class RepetitionReward:
    """0 down to -1: minus the share of runs of `size` tokens that occurred before in the response."""

    size: int = GRAM
    """Tokens of a run (seq-rep-4, arXiv 1908.04319); of words where a response has no token ids."""

    def __post_init__(self) -> None:
        """Refuse runs of nothing."""
        if self.size < 1:
            raise ValueError(f"size must be 1 or above, not {self.size}")

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        return tuple(
            Earned(value=-repeated_share(chain.token_ids or chain.text.split(), self.size)) for chain in chains
        )

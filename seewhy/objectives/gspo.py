"""Group sequence policy optimisation: one ratio a response, as there is one reward a response."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from seewhy.objectives.api import Advantages, Reduction, RolloutBatch, RolloutView, State, TokenLoss, View
from seewhy.objectives.parts.groups import by_group, spread, standardised, totals
from seewhy.objectives.parts.ratios import clipped_loss, require_clip, sequence_log_ratio
from seewhy.objectives.parts.views import RESPONSE


@dataclass(frozen=True, slots=True, kw_only=True)
class GSPO:
    """-min(s A, clip(s, 1 - low, 1 + high) A), s = (pi(y) / pi_old(y))^(1 / |y|) (arXiv 2507.18071, eq. 5).

    Each token of a response carries its response's loss, and the mean over them is the response's: it counts once.
    """

    trains_on: ClassVar[str] = "rollouts"

    epsilon_low: float = 3e-4
    """Clip of ratios below 1 (section 5.1: 3e-4)."""
    epsilon_high: float = 4e-4
    """Clip of ratios above 1 (section 5.1: 4e-4)."""

    def __post_init__(self) -> None:
        require_clip("GSPO.epsilon_low", self.epsilon_low, 1.0)
        require_clip("GSPO.epsilon_high", self.epsilon_high)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "gspo"

    @property
    def views(self) -> tuple[View, ...]:
        """The policy's alone."""
        return RESPONSE

    @property
    def reduction(self) -> Reduction:
        """Each response counts once."""
        return Reduction.SEQUENCE

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def advantages(self, batch: RolloutBatch, state: State) -> Advantages:
        """One number a rollout, at each of its tokens, as in GRPO."""
        return Advantages(tokens=spread(by_group(totals(batch), batch.groups, batch.scored, standardised), batch))

    def loss(self, view: RolloutView, state: State) -> TokenLoss:
        """The surrogate of whole responses."""
        return clipped_loss(view, torch.exp(sequence_log_ratio(view)), self.epsilon_low, self.epsilon_high)

    def advance(self, state: State, divergence: float, rollouts: int) -> State:
        """Nothing changes."""
        return state

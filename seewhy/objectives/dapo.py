"""DAPO: a wider clip above than below, a mean over tokens, no divergence penalty."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from seewhy.objectives.api import Advantages, Reduction, RolloutBatch, RolloutView, State, TokenLoss, View
from seewhy.objectives.parts.groups import by_group, spread, standardised, totals
from seewhy.objectives.parts.ratios import clipped_loss, log_ratios_of, require_clip
from seewhy.objectives.parts.views import RESPONSE


@dataclass(frozen=True, slots=True, kw_only=True)
class DAPO:
    """-min(rho A, clip(rho, 1 - low, 1 + high) A), a mean over all tokens of the step (arXiv 2503.14476, eq. 8).

    Its other two parts are settings of the stage: questions whose outcomes are equal are drawn anew (`redraw`), and
    the reward `overlong` takes from long responses.
    """

    trains_on: ClassVar[str] = "rollouts"

    epsilon_low: float = 0.2
    """Clip of ratios below 1 (section 4.1: 0.2)."""
    epsilon_high: float = 0.28
    """Clip of ratios above 1 (section 4.1: 0.28), so that unlikely tokens can become likely."""

    def __post_init__(self) -> None:
        require_clip("DAPO.epsilon_low", self.epsilon_low, 1.0)
        require_clip("DAPO.epsilon_high", self.epsilon_high)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "dapo"

    @property
    def views(self) -> tuple[View, ...]:
        """The policy's alone."""
        return RESPONSE

    @property
    def reduction(self) -> Reduction:
        """Each token counts as much as the next."""
        return Reduction.TOKEN

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def advantages(self, batch: RolloutBatch, state: State) -> Advantages:
        """One number a rollout, at each of its tokens, as in GRPO."""
        return Advantages(tokens=spread(by_group(totals(batch), batch.groups, batch.scored, standardised), batch))

    def loss(self, view: RolloutView, state: State) -> TokenLoss:
        """The surrogate, clipped unevenly."""
        return clipped_loss(view, torch.exp(log_ratios_of(view)), self.epsilon_low, self.epsilon_high)

    def advance(self, state: State, divergence: float, rollouts: int) -> State:
        """Nothing changes."""
        return state

"""REINFORCE++: PPO's clip without a critic; the baseline is the mean over the tokens of the whole round."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from seewhy.objectives.api import Advantages, Reduction, RolloutBatch, RolloutView, State, TokenLoss, View
from seewhy.objectives.parts.divergence import reward_penalty
from seewhy.objectives.parts.ratios import clipped_loss, log_ratios_of, require_clip
from seewhy.objectives.parts.returns import rewards_to_go, whitened
from seewhy.objectives.parts.terms import require_weight
from seewhy.objectives.parts.views import RESPONSE, ROLLOUT_AND_REFERENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinforcePP:
    """The clipped surrogate with A_t = what follows of reward less kl k1, whitened globally (arXiv 2501.03262, eq. 8).

    No group has a say: with a baseline of its group it would be GRPO with another std.
    """

    trains_on: ClassVar[str] = "rollouts"

    epsilon: float = 0.2
    """Clip of the ratio to either side."""
    kl: float = 0.0
    """Weight of the divergence from the start, taken from each token's reward as k1. The paper takes 0.01."""
    gamma: float = 1.0
    """Discount a token."""

    def __post_init__(self) -> None:
        require_clip("ReinforcePP.epsilon", self.epsilon, 1.0)
        require_weight("ReinforcePP.kl", self.kl)
        if not 0.0 < self.gamma <= 1.0:
            raise ValueError(f"ReinforcePP.gamma must be above 0 and at most 1, not {self.gamma}")

    @property
    def name(self) -> str:
        """The name of this file."""
        return "reinforce_pp"

    @property
    def views(self) -> tuple[View, ...]:
        """The reference's too where a divergence from it is penalised."""
        return ROLLOUT_AND_REFERENCE if self.kl else RESPONSE

    @property
    def reduction(self) -> Reduction:
        """Each token counts as much as the next, as in PPO."""
        return Reduction.TOKEN

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def advantages(self, batch: RolloutBatch, state: State) -> Advantages:
        """Of each token what follows, whitened over the tokens of the round."""
        earned = batch.rewards - reward_penalty(batch, self.kl) if self.kl else batch.rewards
        following = rewards_to_go(earned, batch.mask, self.gamma)
        return Advantages(tokens=whitened(following, batch.mask, batch.scored))

    def loss(self, view: RolloutView, state: State) -> TokenLoss:
        """The clipped surrogate."""
        return clipped_loss(view, torch.exp(log_ratios_of(view)), self.epsilon, self.epsilon)

    def advance(self, state: State, divergence: float, rollouts: int) -> State:
        """Nothing changes."""
        return state

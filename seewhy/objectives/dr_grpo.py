"""GRPO done right: without the two divisions that favour long wrong answers and questions of little spread."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from seewhy.objectives.api import Advantages, Reduction, RolloutBatch, RolloutView, State, TokenLoss, View
from seewhy.objectives.parts.divergence import Estimator, loss_penalty, require_kl
from seewhy.objectives.parts.groups import by_group, centred, spread, totals
from seewhy.objectives.parts.ratios import clipped_loss, log_ratios_of, require_clip
from seewhy.objectives.parts.views import RESPONSE, ROLLOUT_AND_REFERENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class DrGRPO:
    """GRPO with A = r - mean, token losses divided by a constant (Dr. GRPO, arXiv 2503.20783, section 3.2).

    The constant is the number of responses times the most tokens that one may have.
    """

    trains_on: ClassVar[str] = "rollouts"

    epsilon: float = 0.2
    """Clip of the ratio to either side."""
    kl: float = 0.0
    """Weight of the divergence from the start, in the loss; the paper takes 0."""
    kl_estimator: str = Estimator.K3
    """`k3` or `k2`."""

    def __post_init__(self) -> None:
        require_clip("DrGRPO.epsilon", self.epsilon, 1.0)
        require_kl("DrGRPO", self.kl, self.kl_estimator)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "dr_grpo"

    @property
    def views(self) -> tuple[View, ...]:
        """The reference's too where a divergence from it is penalised."""
        return ROLLOUT_AND_REFERENCE if self.kl else RESPONSE

    @property
    def reduction(self) -> Reduction:
        """By a constant."""
        return Reduction.CONSTANT

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def advantages(self, batch: RolloutBatch, state: State) -> Advantages:
        """One number a rollout, at each of its tokens."""
        return Advantages(tokens=spread(by_group(totals(batch), batch.groups, batch.scored, centred), batch))

    def loss(self, view: RolloutView, state: State) -> TokenLoss:
        """The clipped surrogate, and the divergence from the reference."""
        penalty = loss_penalty(view, self.kl, self.kl_estimator) if self.kl else None
        return clipped_loss(view, torch.exp(log_ratios_of(view)), self.epsilon, self.epsilon, penalty)

    def advance(self, state: State, divergence: float, rollouts: int) -> State:
        """Nothing changes."""
        return state

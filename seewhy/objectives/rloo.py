"""REINFORCE leave-one-out: the baseline of a rollout is the mean reward of the others of its question."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from seewhy.objectives.api import Advantages, Reduction, RolloutBatch, RolloutView, State, TokenLoss, View
from seewhy.objectives.parts.divergence import reward_penalty
from seewhy.objectives.parts.groups import by_group, left_out, spread, totals
from seewhy.objectives.parts.ratios import log_ratios_of, ratio_terms
from seewhy.objectives.parts.terms import require_weight
from seewhy.objectives.parts.views import RESPONSE, ROLLOUT_AND_REFERENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class RLOO:
    """-(r_i - mean of the others) log pi(y_i), the sum over a response's tokens (arXiv 2402.14740, section 3.2).

    There is neither a ratio nor a clip, so it takes one pass over its rollouts.
    """

    trains_on: ClassVar[str] = "rollouts"
    is_on_policy: ClassVar[bool] = True

    kl: float = 0.0
    """Weight of the divergence from the start, taken from the reward as k1 (section 2)."""

    def __post_init__(self) -> None:
        require_weight("RLOO.kl", self.kl)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "rloo"

    @property
    def views(self) -> tuple[View, ...]:
        """The reference's too where a divergence from it is penalised."""
        return ROLLOUT_AND_REFERENCE if self.kl else RESPONSE

    @property
    def reduction(self) -> Reduction:
        """The log-probability of a response is a sum."""
        return Reduction.SUM

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def advantages(self, batch: RolloutBatch, state: State) -> Advantages:
        """One number a rollout, at each of its tokens."""
        earned = totals(batch, reward_penalty(batch, self.kl) if self.kl else None)
        return Advantages(tokens=spread(by_group(earned, batch.groups, batch.scored, left_out), batch))

    def loss(self, view: RolloutView, state: State) -> TokenLoss:
        """-A log pi of each token."""
        ratio = torch.exp(log_ratios_of(view).detach())
        each = -view.advantages * torch.where(view.mask, view.policy, 0.0)
        return TokenLoss(each=each, terms=ratio_terms(view, ratio, torch.zeros_like(view.mask)))

    def advance(self, state: State, divergence: float, rollouts: int) -> State:
        """Nothing changes."""
        return state

"""Proximal policy optimisation with a critic: each token is measured against what the critic expected there."""

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import torch

from seewhy.objectives.api import Advantages, Reduction, RolloutBatch, RolloutView, State, TokenLoss, View
from seewhy.objectives.parts.divergence import (
    COEFFICIENT,
    Estimator,
    Place,
    adapted,
    loss_penalty,
    require_kl,
    reward_penalty,
)
from seewhy.objectives.parts.ratios import clipped_loss, log_ratios_of, require_clip
from seewhy.objectives.parts.returns import gae, unscored_out, whitened
from seewhy.objectives.parts.views import RESPONSE, ROLLOUT_AND_REFERENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class PPO:
    """-min(rho A, clip(rho, 1 - e, 1 + e) A), a mean over tokens, A by GAE (arXiv 1707.06347, eq. 7 and 11).

    The critic's loss is added by the trainer (`value_loss`, weight and clip of its plan).
    """

    trains_on: ClassVar[str] = "rollouts"
    needs_critic: ClassVar[bool] = True

    epsilon: float = 0.2
    """Clip of the ratio to either side (ARES: 0.2)."""
    gamma: float = 1.0
    """Discount a token (ARES, arXiv 2407.00087: 1.0)."""
    lam: float = 0.95
    """Lambda of GAE: 1 sums what follows, 0 looks one token ahead (ARES: 0.95)."""
    whiten: bool = True
    """Advantages to mean 0 and std 1 over the tokens of the round (ARES: for its base model, not for its large one)."""
    kl: float = 1e-4
    """Weight of the divergence from the start (ARES: 1e-4); 0 needs no reference."""
    kl_in: str = Place.REWARD
    """`reward` takes k1 from each token's reward (ARES); `loss` adds an estimate to the loss."""
    kl_estimator: str = Estimator.K1
    """`k1` in the reward; `k2` or `k3` in the loss."""
    kl_target: float = 0.0
    """Nats a response: above 0 the weight adapts to hold the divergence there (arXiv 1909.08593, section 2.2)."""
    kl_horizon: int = 10000
    """Rollouts over which it adapts."""

    def __post_init__(self) -> None:
        require_clip("PPO.epsilon", self.epsilon, 1.0)
        require_kl("PPO", self.kl, self.kl_estimator, self.kl_in)
        for name, value in (("gamma", self.gamma), ("lam", self.lam)):
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"PPO.{name} must be at least 0 and at most 1, not {value}")
        if not 0 <= self.kl_target < inf or self.kl_horizon < 1:
            raise ValueError(f"PPO.kl_target must be 0 or above and PPO.kl_horizon 1 or above, not {self.kl_target} "
                             f"and {self.kl_horizon}")  # fmt: skip
        if self.kl_target and not self.kl:
            raise ValueError("PPO.kl_target adapts PPO.kl, which is 0: give it a weight to begin with")

    @property
    def name(self) -> str:
        """The name of this file."""
        return "ppo"

    @property
    def views(self) -> tuple[View, ...]:
        """The reference's too where a divergence from it is penalised."""
        return ROLLOUT_AND_REFERENCE if self.kl else RESPONSE

    @property
    def reduction(self) -> Reduction:
        """Each token counts as much as the next."""
        return Reduction.TOKEN

    def initial(self) -> State:
        """The weight of the divergence, where it adapts."""
        return {COEFFICIENT: self.kl} if self.kl_target else {}

    def advantages(self, batch: RolloutBatch, state: State) -> Advantages:
        """By GAE; the returns are taken before whitening."""
        weight = state.get(COEFFICIENT, self.kl)
        in_reward = weight and self.kl_in == Place.REWARD
        earned = batch.rewards - reward_penalty(batch, weight) if in_reward else batch.rewards
        better = gae(earned, batch, self.gamma, self.lam)
        assert batch.values is not None
        returns = torch.where(batch.mask, better + batch.values.double(), 0.0).float()
        tokens = whitened(better, batch.mask, batch.scored) if self.whiten else unscored_out(better, batch.scored)
        return Advantages(tokens=tokens, returns=returns)

    def loss(self, view: RolloutView, state: State) -> TokenLoss:
        """The clipped surrogate, and the divergence where it is penalised in the loss."""
        weight = state.get(COEFFICIENT, self.kl) if self.kl_in == Place.LOSS else 0.0
        penalty = loss_penalty(view, weight, self.kl_estimator) if weight else None
        return clipped_loss(view, torch.exp(log_ratios_of(view)), self.epsilon, self.epsilon, penalty)

    def advance(self, state: State, divergence: float, rollouts: int) -> State:
        """The weight moves towards the target; nothing else changes."""
        if not self.kl_target:
            return state
        return {COEFFICIENT: adapted(state, divergence, rollouts, self.kl_target, self.kl_horizon)}

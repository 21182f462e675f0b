"""CISPO: the ratio is clipped as a weight, and no token loses its gradient."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from seewhy.objectives.api import Advantages, Reduction, RolloutBatch, RolloutView, State, TokenLoss, View
from seewhy.objectives.parts.groups import by_group, spread, standardised, totals
from seewhy.objectives.parts.ratios import log_ratios_of, ratio_terms, require_clip
from seewhy.objectives.parts.views import RESPONSE


@dataclass(frozen=True, slots=True, kw_only=True)
class CISPO:
    """-sg(min(rho, max_ratio)) A log pi, a mean over all tokens of the step (MiniMax-M1, arXiv 2506.13585, eq. 4).

    `max_ratio` is the largest ratio itself, as TRL's and ms-swift's epsilon_high is; where NeMo-RL, AReaL and tinker
    write epsilon_high, it is 1 + epsilon_high. The paper sets no lower bound, and neither is there one here.
    """

    trains_on: ClassVar[str] = "rollouts"

    max_ratio: float = 5.0
    """Largest weight of a token (ScaleRL, arXiv 2510.13786, takes 4 to 8; the paper names none)."""

    def __post_init__(self) -> None:
        require_clip("CISPO.max_ratio", self.max_ratio)
        if self.max_ratio < 1.0:
            raise ValueError(f"CISPO.max_ratio is the largest ratio, 1 or above, not {self.max_ratio}")

    @property
    def name(self) -> str:
        """The name of this file."""
        return "cispo"

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
        """-A log pi of each token, weighed by the clipped ratio, which carries no gradient."""
        ratio = torch.exp(log_ratios_of(view).detach())
        each = -ratio.clamp(max=self.max_ratio) * view.advantages * torch.where(view.mask, view.policy, 0.0)
        return TokenLoss(each=each, terms=ratio_terms(view, ratio, ratio > self.max_ratio))

    def advance(self, state: State, divergence: float, rollouts: int) -> State:
        """Nothing changes."""
        return state

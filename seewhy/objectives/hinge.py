"""Hinge loss of preferences: pairs that are far enough apart are left alone."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from seewhy.objectives.api import Loss, PairView, State
from seewhy.objectives.parts.terms import log_ratios, require_positive, reward_terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Hinge:
    """max(0, 1 - beta (lr_w - lr_l)) (SLiC's loss as normalised in arXiv 2309.06657)."""

    beta: float = 0.1
    """1 / beta nats of log-ratio are far enough."""

    def __post_init__(self) -> None:
        require_positive("Hinge.beta", self.beta)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "hinge"

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def loss(self, view: PairView, state: State) -> Loss:
        """One number a pair; 1 where the policy is the reference."""
        ratios = log_ratios(view)
        each = torch.relu(1 - self.beta * (ratios.chosen - ratios.rejected))
        return Loss(each=each, terms={"hinge": each.detach()} | reward_terms(ratios, self.beta))

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """Nothing changes."""
        return state

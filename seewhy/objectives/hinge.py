"""Hinge loss of preferences: pairs that are far enough apart are left alone."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from seewhy.objectives.api import Loss, PairView, State, View
from seewhy.objectives.parts.length import Discount, discount_pairs, require_discount
from seewhy.objectives.parts.terms import log_ratios, require_positive, reward_terms, same_for_each
from seewhy.objectives.parts.views import BOTH_SIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class Hinge:
    """max(0, 1 - beta (lr_w - lr_l)) (SLiC's loss as normalised in arXiv 2309.06657)."""

    beta: float = 0.1
    """1 / beta nats of log-ratio are far enough."""
    discount: Discount = Discount.NONE
    """Weights of the tokens of both responses by their place."""

    def __post_init__(self) -> None:
        require_positive("Hinge.beta", self.beta)
        require_discount("Hinge.discount", self.discount)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "hinge"

    @property
    def views(self) -> tuple[View, ...]:
        """Policy and reference of both responses."""
        return BOTH_SIDES

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def loss(self, view: PairView, state: State) -> Loss:
        """One number a pair; 1 where the policy is the reference."""
        view = discount_pairs(view, self.discount)
        ratios = log_ratios(view)
        each = torch.relu(1 - self.beta * (ratios.chosen - ratios.rejected))
        return Loss(each=each, terms={"hinge": each.detach()} | reward_terms(ratios, self.beta))

    def at_reference(self, view: PairView) -> Float[Tensor, "pairs"]:
        """1."""
        return same_for_each(view, 1.0)

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """Nothing changes."""
        return state

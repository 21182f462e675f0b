"""Imitation of the chosen response alone: the generation term of MPO by itself."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from seewhy.objectives.api import Loss, PairView, State, View
from seewhy.objectives.parts.terms import mean_nll
from seewhy.objectives.parts.views import CHOSEN_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class NLL:
    """-log pi(y_w) / |y_w| (arXiv 2411.10442 section 4, the term L_g).

    Neither the rejected response nor a reference enters the loss, so no reference rows are needed and no reward or
    margin is logged.
    """

    needs_reference: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The name of this file."""
        return "nll"

    @property
    def views(self) -> tuple[View, ...]:
        """The policy of the chosen response."""
        return CHOSEN_ONLY

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def loss(self, view: PairView, state: State) -> Loss:
        """Nats a token, one number a pair."""
        each = mean_nll(view.policy_chosen, view.chosen_mask)
        return Loss(each=each, terms={"nll": each.detach()})

    def at_reference(self, view: PairView) -> Float[Tensor, "pairs"] | None:
        """None: there is no reference."""
        return None

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """Nothing changes."""
        return state

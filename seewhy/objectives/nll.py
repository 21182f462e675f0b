"""Imitation of the chosen response alone: the generation term of MPO by itself."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from seewhy.objectives.api import Loss, PairView, State
from seewhy.objectives.parts.terms import log_ratios, mean_nll, require_positive, reward_terms


@dataclass(frozen=True, slots=True, kw_only=True)
class NLL:
    """-log pi(y_w) / |y_w| (arXiv 2411.10442 section 4, the term L_g). The rejected response has no say."""

    beta: float = 0.1
    """Unit of the rewards that are logged; the loss does not depend on it."""

    def __post_init__(self) -> None:
        require_positive("NLL.beta", self.beta)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "nll"

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def loss(self, view: PairView, state: State) -> Loss:
        """Nats a token, one number a pair."""
        each = mean_nll(view.policy_chosen, view.chosen_mask)
        return Loss(each=each, terms={"nll": each.detach()} | reward_terms(log_ratios(view), self.beta))

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """Nothing changes."""
        return state

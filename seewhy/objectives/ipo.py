"""Identity preference optimisation: regress the preference to a fixed distance, so that it cannot run away."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from seewhy.objectives.api import Loss, PairView, State, View
from seewhy.objectives.parts.length import Discount, discount_pairs, require_discount
from seewhy.objectives.parts.terms import count_tokens, log_ratios, require_positive, reward_terms, same_for_each
from seewhy.objectives.parts.views import BOTH_SIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class IPO:
    """(h - 1 / (2 beta))^2, h = lr_w / |y_w| - lr_l / |y_l| (arXiv 2310.12036 eq. 17).

    The mean over tokens, which the paper does not write, is what its authors ran, as TRL and InternVL note.
    """

    beta: float = 0.1
    """tau of the paper; h is pulled to 1 / (2 beta) nats a token."""
    discount: Discount = Discount.NONE
    """Weights of the tokens of both responses by their place."""

    def __post_init__(self) -> None:
        require_positive("IPO.beta", self.beta)
        require_discount("IPO.discount", self.discount)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "ipo"

    @property
    def views(self) -> tuple[View, ...]:
        """Policy and reference of both responses."""
        return BOTH_SIDES

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def loss(self, view: PairView, state: State) -> Loss:
        """One number a pair; 1 / (4 beta^2) where the policy is the reference."""
        view = discount_pairs(view, self.discount)
        ratios = log_ratios(view)
        chosen = ratios.chosen / count_tokens(view.chosen_mask)
        rejected = ratios.rejected / count_tokens(view.rejected_mask)
        each = (chosen - rejected - 1 / (2 * self.beta)) ** 2
        return Loss(each=each, terms={"ipo": each.detach()} | reward_terms(ratios, self.beta))

    def at_reference(self, view: PairView) -> Float[Tensor, "pairs"]:
        """1 / (4 beta^2)."""
        return same_for_each(view, 1 / (4 * self.beta**2))

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """Nothing changes."""
        return state

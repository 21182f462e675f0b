"""Direct preference optimisation: make the chosen response likelier than the rejected, measured from a reference."""

from dataclasses import dataclass
from math import log

from jaxtyping import Float
from torch import Tensor

from seewhy.objectives.api import Loss, PairView, State, View
from seewhy.objectives.parts.length import Discount, discount_pairs, require_discount
from seewhy.objectives.parts.terms import (
    LogRatios,
    log_ratios,
    preference,
    require_positive,
    require_smoothing,
    reward_terms,
    same_for_each,
)
from seewhy.objectives.parts.views import BOTH_SIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class DPO:
    """-(1 - e) log s(z) - e log s(-z), where z = beta (lr_w - lr_l) (arXiv 2305.18290 eq. 7).

    With label smoothing e above 0 this is "conservative" DPO. For DPO plus an imitation term take `MPO(quality=0)`.
    """

    beta: float = 0.1
    """Strength of the pull to the reference, a nat's worth of reward."""
    label_smoothing: float = 0.0
    """e: the share of pairs taken to be labelled the wrong way round, in [0, 0.5)."""
    discount: Discount = Discount.NONE
    """Weights of the tokens of both responses by their place."""

    def __post_init__(self) -> None:
        require_positive("DPO.beta", self.beta)
        require_smoothing("DPO.label_smoothing", self.label_smoothing)
        require_discount("DPO.discount", self.discount)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "dpo"

    @property
    def views(self) -> tuple[View, ...]:
        """Policy and reference of both responses."""
        return BOTH_SIDES

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def loss(self, view: PairView, state: State) -> Loss:
        """One number a pair; ln 2 where the policy is the reference."""
        view = discount_pairs(view, self.discount)
        ratios = log_ratios(view)
        flipped = LogRatios(chosen=ratios.rejected, rejected=ratios.chosen)
        each = (1 - self.label_smoothing) * preference(ratios, self.beta)
        each = each + self.label_smoothing * preference(flipped, self.beta)
        return Loss(each=each, terms={"dpo": each.detach()} | reward_terms(ratios, self.beta))

    def at_reference(self, view: PairView) -> Float[Tensor, "pairs"]:
        """Ln 2."""
        return same_for_each(view, log(2))

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """Nothing changes."""
        return state

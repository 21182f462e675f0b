"""DPO made unbiased under labels that are flipped at random at a known rate."""

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
class Robust:
    """[-(1 - e) log s(z) + e log s(-z)] / (1 - 2e), where z = beta (lr_w - lr_l) (arXiv 2403.00409, section 3)."""

    beta: float = 0.1
    """Strength of the pull to the reference, a nat's worth of reward."""
    label_smoothing: float = 0.1
    """e: the rate at which labels are flipped, in [0, 0.5); 0 is DPO."""
    discount: Discount = Discount.NONE
    """Weights of the tokens of both responses by their place."""

    def __post_init__(self) -> None:
        require_positive("Robust.beta", self.beta)
        require_smoothing("Robust.label_smoothing", self.label_smoothing)
        require_discount("Robust.discount", self.discount)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "robust"

    @property
    def views(self) -> tuple[View, ...]:
        """Policy and reference of both responses."""
        return BOTH_SIDES

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def loss(self, view: PairView, state: State) -> Loss:
        """One number a pair, below 0 where z is large."""
        view = discount_pairs(view, self.discount)
        ratios = log_ratios(view)
        flipped = LogRatios(chosen=ratios.rejected, rejected=ratios.chosen)
        kept = (1 - self.label_smoothing) * preference(ratios, self.beta)
        undone = self.label_smoothing * preference(flipped, self.beta)
        each = (kept - undone) / (1 - 2 * self.label_smoothing)
        return Loss(each=each, terms={"robust": each.detach()} | reward_terms(ratios, self.beta))

    def at_reference(self, view: PairView) -> Float[Tensor, "pairs"]:
        """Ln 2."""
        return same_for_each(view, log(2))

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """Nothing changes."""
        return state

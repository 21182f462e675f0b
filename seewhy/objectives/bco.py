"""Binary classifier optimisation: tell good responses from bad ones, each by itself, around a running mean."""

from dataclasses import dataclass
from math import log

from jaxtyping import Float
from torch import Tensor

from seewhy.objectives.api import Loss, PairView, State, View
from seewhy.objectives.parts.length import Discount, discount_pairs, require_discount
from seewhy.objectives.parts.running_mean import advance_mean, start_mean
from seewhy.objectives.parts.terms import log_ratios, quality, require_positive, reward_terms, same_for_each
from seewhy.objectives.parts.views import BOTH_SIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class BCO:
    """-log s(beta lr_w - delta) - log s(-(beta lr_l - delta)) (arXiv 2404.04656; arXiv 2411.10442 section 4).

    delta is the mean of all rewards, both sides, of the steps before this one, with one update a step. The same name
    means other losses elsewhere: TRL 0.9.6, under InternVL's MPO, counts the current batch in; TRL since 2026-02 has
    delta = 0, which is this loss at its first step.
    """

    beta: float = 0.1
    """Reward of a nat of log-ratio."""
    discount: Discount = Discount.NONE
    """Weights of the tokens of both responses by their place."""

    def __post_init__(self) -> None:
        require_positive("BCO.beta", self.beta)
        require_discount("BCO.discount", self.discount)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "bco"

    @property
    def views(self) -> tuple[View, ...]:
        """Policy and reference of both responses."""
        return BOTH_SIDES

    def initial(self) -> State:
        """No reward seen: delta is 0."""
        return start_mean()

    def loss(self, view: PairView, state: State) -> Loss:
        """One number a pair; 2 ln 2 where the policy is the reference and delta is 0."""
        view = discount_pairs(view, self.discount)
        ratios = log_ratios(view)
        each = quality(ratios, self.beta, state["delta_mean"])
        return Loss(each=each, terms={"bco": each.detach()} | reward_terms(ratios, self.beta))

    def at_reference(self, view: PairView) -> Float[Tensor, "pairs"]:
        """2 ln 2: delta is 0 at the start."""
        return same_for_each(view, 2 * log(2))

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """The mean over all rewards so far."""
        return advance_mean(state, rewards)

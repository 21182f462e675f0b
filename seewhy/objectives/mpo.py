"""Mixed preference optimisation: which response is better, how good each is, and how to write the better one."""

from dataclasses import dataclass
from math import log

from jaxtyping import Float
from torch import Tensor

from seewhy.objectives.api import Loss, PairView, State, View
from seewhy.objectives.parts.length import Discount, discount_pairs, require_discount
from seewhy.objectives.parts.running_mean import advance_mean, start_mean
from seewhy.objectives.parts.terms import (
    log_ratios,
    mean_nll,
    preference,
    quality,
    require_positive,
    require_weight,
    reward_terms,
    same_for_each,
)
from seewhy.objectives.parts.views import BOTH_SIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class MPO:
    """preference DPO + quality BCO + generation NLL(y_w) (InternVL, arXiv 2411.10442 section 4).

    `MPO(preference=1, quality=0)` is DPO with an imitation term (`rpo_alpha` in TRL). BCO's delta is the running mean
    of `bco.py`; the NLL is a mean over the tokens of each chosen response, not over those of a batch.
    """

    beta: float = 0.1
    """Reward of a nat of log-ratio, in both the preference and the quality term."""
    preference: float = 0.8
    """Weight of the DPO term."""
    quality: float = 0.2
    """Weight of the BCO term."""
    generation: float = 1.0
    """Weight of the NLL of the chosen response, in nats a token."""
    discount: Discount = Discount.NONE
    """Weights of the tokens of both responses by their place, in all three terms."""

    def __post_init__(self) -> None:
        require_positive("MPO.beta", self.beta)
        require_weight("MPO.preference", self.preference)
        require_weight("MPO.quality", self.quality)
        require_weight("MPO.generation", self.generation)
        if not self.preference + self.quality + self.generation:
            raise ValueError("MPO.preference, MPO.quality and MPO.generation are all 0; give one a weight above 0")
        require_discount("MPO.discount", self.discount)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "mpo"

    @property
    def views(self) -> tuple[View, ...]:
        """Policy and reference of both responses."""
        return BOTH_SIDES

    def initial(self) -> State:
        """No reward seen: delta is 0."""
        return start_mean()

    def loss(self, view: PairView, state: State) -> Loss:
        """One number a pair; the terms hold the three parts before their weights."""
        view = discount_pairs(view, self.discount)
        ratios = log_ratios(view)
        dpo = preference(ratios, self.beta)
        bco = quality(ratios, self.beta, state["delta_mean"])
        nll = mean_nll(view.policy_chosen, view.chosen_mask)
        each = self.preference * dpo + self.quality * bco + self.generation * nll
        parts = {"dpo": dpo.detach(), "bco": bco.detach(), "nll": nll.detach()}
        return Loss(each=each, terms=parts | reward_terms(ratios, self.beta))

    def at_reference(self, view: PairView) -> Float[Tensor, "pairs"]:
        """(preference + 2 quality) ln 2 and the NLL of the chosen response; delta is 0 at the start."""
        view = discount_pairs(view, self.discount)
        nll = mean_nll(view.policy_chosen.detach(), view.chosen_mask)
        return same_for_each(view, (self.preference + 2 * self.quality) * log(2)) + self.generation * nll

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """The mean over all rewards so far."""
        return advance_mean(state, rewards)

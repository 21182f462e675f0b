"""Multimodal DPO: the chosen response must also be likelier with its picture than with another, and must not fade."""

from dataclasses import dataclass
from math import inf, log
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from seewhy.objectives.api import Loss, PairView, State, View
from seewhy.objectives.parts.length import Discount, discount_pairs, require_discount
from seewhy.objectives.parts.terms import (
    LogRatios,
    log_ratios,
    preference,
    require_positive,
    require_weight,
    reward_terms,
    same_for_each,
    varied_ratio,
)
from seewhy.objectives.parts.views import BOTH_SIDES, VARIED_PICTURES


@dataclass(frozen=True, slots=True, kw_only=True)
class MDPO:
    """DPO + conditional L_CoPO + anchor L_AncPO (arXiv 2406.11839, eq. 2 to 6).

    With m the question's pictures and m' the varied ones:
    L_DPO = -log s(beta (lr(y_w|m) - lr(y_l|m))), L_CoPO = -log s(beta (lr(y_w|m) - lr(y_w|m'))),
    L_AncPO = -log s(beta lr(y_w|m) - delta). Policy and reference see the same pictures. For a question without
    pictures L_CoPO is ln 2 and has no gradient.
    """

    beta: float = 0.1
    """Strength of the pull to the reference, in all three terms (section 4.1: 0.1)."""
    conditional: float = 1.0
    """Weight of the conditional term (the paper adds the three terms)."""
    anchor: float = 1.0
    """Weight of the anchor term."""
    delta: float = 0.0
    """Reward above which the anchor wants the chosen response, in nats times beta (section 3.3: 0)."""
    discount: Discount = Discount.NONE
    """Weights of the tokens of all responses by their place."""

    compares_pictures: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_positive("MDPO.beta", self.beta)
        require_weight("MDPO.conditional", self.conditional)
        require_weight("MDPO.anchor", self.anchor)
        if not 0.0 <= self.delta < inf:
            raise ValueError(f"MDPO.delta must be a finite number of at least 0, not {self.delta}; the paper takes 0")
        require_discount("MDPO.discount", self.discount)

    @property
    def name(self) -> str:
        """The name of this file."""
        return "mdpo"

    @property
    def views(self) -> tuple[View, ...]:
        """Policy and reference of both responses, and of the chosen one with the varied pictures."""
        return (*BOTH_SIDES, *VARIED_PICTURES)

    def initial(self) -> State:
        """Nothing to remember."""
        return {}

    def loss(self, view: PairView, state: State) -> Loss:
        """One number a pair; the terms hold the three parts before their weights.

        `picture_margin` is beta (lr(y_w|m) - lr(y_w|m')).
        """
        view = discount_pairs(view, self.discount)
        ratios, varied = log_ratios(view), varied_ratio(view)
        by_pictures = LogRatios(chosen=ratios.chosen, rejected=varied)
        dpo, conditional = preference(ratios, self.beta), preference(by_pictures, self.beta)
        anchor = -logsigmoid(self.beta * ratios.chosen - self.delta)
        parts = {"dpo": dpo.detach(), "conditional": conditional.detach(), "anchor": anchor.detach(),
                 "picture_margin": (self.beta * (ratios.chosen - varied)).detach()}  # fmt: skip
        each = dpo + self.conditional * conditional + self.anchor * anchor
        return Loss(each=each, terms=parts | reward_terms(ratios, self.beta))

    def at_reference(self, view: PairView) -> Float[Tensor, "pairs"]:
        """(1 + conditional) ln 2 + anchor log(1 + e^delta)."""
        anchor = float(softplus(torch.tensor(self.delta, dtype=torch.float64)))
        return same_for_each(view, (1 + self.conditional) * log(2) + self.anchor * anchor)

    def advance(self, state: State, rewards: Float[Tensor, "rewards"]) -> State:
        """Nothing changes."""
        return state

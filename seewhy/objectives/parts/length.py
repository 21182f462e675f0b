"""Discounts that keep a preference from being about length: late tokens of a response weigh less.

Places count the tokens of a response from 0, wherever it starts in its row. (Responses are cut by
`FitPlan.keep_tokens`, before they are scored.)
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from math import pi

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from seewhy.objectives.api import PairView


def _place(mask: Bool[Tensor, "rows time"]) -> Float[Tensor, "rows time"]:
    """p: how many response tokens of the row stand before each one."""
    return (mask.cumsum(dim=-1) - 1).float()


def _length(mask: Bool[Tensor, "rows time"]) -> Float[Tensor, "rows one"]:
    """L of each row, at least 1."""
    return mask.sum(dim=-1, keepdim=True).clamp(min=1).float()


def discount_by_cosine(mask: Bool[Tensor, "rows time"]) -> Float[Tensor, "rows time"]:
    """(1 + cos(pi p / L)) / 2 at place p of L tokens: 1 at the first, near 0 at the last; 0 under a False mask."""
    return torch.where(mask, (1 + torch.cos(pi * _place(mask) / _length(mask))) / 2, 0.0)


def discount_by_line(mask: Bool[Tensor, "rows time"]) -> Float[Tensor, "rows time"]:
    """(L - p) / L at place p of L tokens: 1 at the first, 1 / L at the last; 0 under a False mask."""
    return torch.where(mask, 1 - _place(mask) / _length(mask), 0.0)


class Discount(StrEnum):
    """How the weight of a token falls with its place in the response."""

    NONE = "none"
    """All tokens weigh 1."""
    COSINE = "cosine"
    """`discount_by_cosine`."""
    LINE = "line"
    """`discount_by_line`."""


WEIGHTS: Mapping[str, Callable[[Tensor], Tensor]] = {
    Discount.COSINE: discount_by_cosine,
    Discount.LINE: discount_by_line,
}


def _discounted(logps: Tensor | None, weights: Tensor) -> Tensor | None:
    return None if logps is None else logps * weights


def discount_pairs(view: PairView, discount: Discount) -> PairView:
    """The view in which every log-probability, of policy and reference alike, is multiplied by its token's weight.

    An objective's NLL term is discounted with the rest. With `Discount.NONE` the view itself.
    """
    if discount == Discount.NONE:
        return view
    chosen, rejected = (WEIGHTS[discount](mask) for mask in (view.chosen_mask, view.rejected_mask))
    return replace(
        view,
        policy_chosen=view.policy_chosen * chosen,
        policy_rejected=view.policy_rejected * rejected,
        reference_chosen=_discounted(view.reference_chosen, chosen),
        reference_rejected=_discounted(view.reference_rejected, rejected),
        policy_varied=_discounted(view.policy_varied, chosen),
        reference_varied=_discounted(view.reference_varied, chosen),
    )


def require_discount(field: str, value: str) -> None:
    """Raise `ValueError` unless `value` is a discount."""
    if value not in set(Discount):
        raise ValueError(f"{field} must be one of {', '.join(Discount)}, not {value!r}")

"""Ways to keep a preference from being about length: cut responses, or let late tokens count less.

All of them count tokens of a response from 0, wherever it stands in its row. LLaVA-Reasoner (arXiv 2410.16198, and
its repository) cuts after 90 space-separated words, in the text, before it is encoded; `keep_first` counts tokens.
"""

from collections.abc import Callable
from dataclasses import replace
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


def keep_first(mask: Bool[Tensor, "rows time"], count: int) -> Bool[Tensor, "rows time"]:
    """The mask of the first `count` response tokens of each row; raises `ValueError` where `count` is below 1."""
    if count < 1:
        raise ValueError(f"count must be at least 1 token, not {count}; to keep all tokens, do not cut")
    return mask & (_place(mask) < count)


def discount_by_cosine(mask: Bool[Tensor, "rows time"]) -> Float[Tensor, "rows time"]:
    """(1 + cos(pi p / L)) / 2 at place p of L tokens: 1 at the first, near 0 at the last; 0 under a False mask."""
    return torch.where(mask, (1 + torch.cos(pi * _place(mask) / _length(mask))) / 2, 0.0)


def discount_by_line(mask: Bool[Tensor, "rows time"]) -> Float[Tensor, "rows time"]:
    """(L - p) / L at place p of L tokens: 1 at the first, 1 / L at the last; 0 under a False mask."""
    return torch.where(mask, 1 - _place(mask) / _length(mask), 0.0)


def cut_pairs(view: PairView, count: int) -> PairView:
    """The view in which each response ends after `count` tokens.

    Two responses that start alike may become equal; pairs are to be checked for that before they are encoded.
    """
    chosen, rejected = keep_first(view.chosen_mask, count), keep_first(view.rejected_mask, count)
    return PairView(
        policy_chosen=torch.where(chosen, view.policy_chosen, 0.0),
        policy_rejected=torch.where(rejected, view.policy_rejected, 0.0),
        reference_chosen=torch.where(chosen, view.reference_chosen, 0.0),
        reference_rejected=torch.where(rejected, view.reference_rejected, 0.0),
        chosen_mask=chosen,
        rejected_mask=rejected,
    )


def discount_pairs(view: PairView, discount: Callable[[Tensor], Tensor]) -> PairView:
    """The view in which every log-probability, of policy and reference alike, is multiplied by its discount.

    `discount` maps a mask (rows, time) to weights of that shape. An objective's NLL term is discounted with the rest.
    """
    chosen, rejected = discount(view.chosen_mask), discount(view.rejected_mask)
    return replace(
        view,
        policy_chosen=view.policy_chosen * chosen,
        policy_rejected=view.policy_rejected * rejected,
        reference_chosen=view.reference_chosen * chosen,
        reference_rejected=view.reference_rejected * rejected,
    )

"""The weight of each rollout's tokens in the loss of an optimiser step: one denominator, of the whole step."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from seewhy.objectives.api import Reduction


def row_weights(counts: Float[Tensor, "rows"], reduction: Reduction, limit: int) -> Float[Tensor, "rows"]:
    """By what the sum of a rollout's token losses is multiplied; the sum over all rollouts is then the step's loss.

    Args:
        counts: tokens that are trained on, of every rollout of the step, in all its passes and processes. A rollout of
            0 counts nowhere, in no numerator and no denominator.
        reduction: the rule.
        limit: most tokens that a response may have.
    """
    trained = counts > 0
    rows, tokens = trained.sum().clamp(min=1), counts.sum().clamp(min=1)
    match reduction:
        case Reduction.SEQUENCE:
            weights = 1.0 / (rows * counts.clamp(min=1))
        case Reduction.TOKEN:
            weights = torch.ones_like(counts) / tokens
        case Reduction.CONSTANT:
            weights = torch.ones_like(counts) / (rows * limit)
        case Reduction.SUM:
            weights = torch.ones_like(counts) / rows
    return torch.where(trained, weights, 0.0)


def reduce_tokens(
    each: Float[Tensor, "rows time"], mask: Bool[Tensor, "rows time"], weights: Float[Tensor, "rows"]
) -> Float[Tensor, ""]:
    """The part of the step's loss that these rollouts are; a token off the mask has no say and gets no gradient."""
    return (torch.where(mask, each, 0.0).sum(dim=1) * weights).sum()

"""Advantages of whole responses, from what the other responses to the same question earned.

Statistics are in float64, over the scored rollouts of a question alone, whatever their order and number.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Float64, Int
from torch import Tensor

from seewhy.objectives.api import RolloutBatch

SPREAD_FLOOR = 1e-6
"""Share of a group's largest reward: rewards that differ by less are equal, for that much is rounding."""


def totals(batch: RolloutBatch, penalty: Float64[Tensor, "rows time"] | None = None) -> Float64[Tensor, "rows"]:
    """What each rollout earned in all, less a penalty of its tokens where there is one."""
    earned = batch.rewards if penalty is None else batch.rewards - penalty
    return torch.where(batch.mask, earned, 0.0).sum(dim=1)


def is_flat(rewards: Float64[Tensor, "members"]) -> bool:
    """Whether rewards are equal, so that their group says nothing; one alone is."""
    return len(rewards) < 2 or float(rewards.max() - rewards.min()) <= SPREAD_FLOOR * float(rewards.abs().max())


def by_group(
    rewards: Float64[Tensor, "rows"],
    groups: Int[Tensor, "rows"],
    scored: Bool[Tensor, "rows"],
    rule: Callable[[Tensor], Tensor],
) -> Float64[Tensor, "rows"]:
    """`rule` over the scored rewards of each group of two or more that differ; 0 for all other rollouts."""
    found = torch.zeros_like(rewards)
    for group in groups[scored].unique():
        members = scored & (groups == group)
        if not is_flat(rewards[members]):
            found[members] = rule(rewards[members])
    return found


def centred(rewards: Float64[Tensor, "members"]) -> Float64[Tensor, "members"]:
    """R - mean (Dr. GRPO, arXiv 2503.20783)."""
    return rewards - rewards.mean()


def standardised(rewards: Float64[Tensor, "members"]) -> Float64[Tensor, "members"]:
    """(r - mean) / std with the sample's std, of k - 1 degrees of freedom (GRPO, arXiv 2402.03300, section 4.1).

    No constant is added to the std, so none exceeds (k - 1) / sqrt(k).
    """
    return centred(rewards) / rewards.std()


def standardised_by_population(rewards: Float64[Tensor, "members"]) -> Float64[Tensor, "members"]:
    """The same with the std over k."""
    return centred(rewards) / rewards.std(correction=0)


def left_out(rewards: Float64[Tensor, "members"]) -> Float64[Tensor, "members"]:
    """r_i - mean of the others (RLOO, arXiv 2402.14740, section 3.2)."""
    return centred(rewards) * len(rewards) / (len(rewards) - 1)


def spread(rows: Float64[Tensor, "rows"], batch: RolloutBatch) -> Float[Tensor, "rows time"]:
    """One number a rollout, at each of its tokens."""
    return torch.where(batch.mask, rows[:, None].float(), 0.0)

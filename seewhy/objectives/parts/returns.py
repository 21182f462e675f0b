"""Advantages of tokens: sums of what follows, generalised advantage estimation, and whitening over a whole round."""

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

from seewhy.objectives.api import RolloutBatch

FLOOR = 1e-9
"""Standard deviation below which all tokens say the same, and whitening gives 0."""


def rewards_to_go(
    rewards: Float64[Tensor, "rows time"], mask: Bool[Tensor, "rows time"], gamma: float
) -> Float64[Tensor, "rows time"]:
    """At each token the sum of the rewards from there on, each discounted by gamma a token; 0 off the mask."""
    found, running = torch.zeros_like(rewards), rewards.new_zeros(len(rewards))
    for time in reversed(range(rewards.shape[1])):
        running = torch.where(mask[:, time], rewards[:, time] + gamma * running, running)
        found[:, time] = running
    return torch.where(mask, found, 0.0)


def gae(
    rewards: Float64[Tensor, "rows time"], batch: RolloutBatch, gamma: float, lam: float
) -> Float64[Tensor, "rows time"]:
    """Generalised advantage estimation (arXiv 1506.02438, eq. 16): sum of (gamma lambda)^l delta_{t+l}.

    delta_t = r_t + gamma V(s_{t+1}) - V(s_t), where V(s_t) is the value before token t, and that after the last token
    is `batch.after`.

    Raises:
        ValueError: there are no values.
    """
    if batch.values is None or batch.after is None:
        raise ValueError("generalised advantage estimation needs the values of a critic, and there are none")
    values, following = batch.values.double(), batch.after.double()
    found, running = torch.zeros_like(rewards), rewards.new_zeros(len(rewards))
    for time in reversed(range(rewards.shape[1])):
        here = batch.mask[:, time]
        delta = rewards[:, time] + gamma * following - values[:, time]
        running = torch.where(here, delta + gamma * lam * running, running)
        following = torch.where(here, values[:, time], following)
        found[:, time] = running
    return torch.where(batch.mask, found, 0.0)


def whitened(
    values: Float64[Tensor, "rows time"], mask: Bool[Tensor, "rows time"], scored: Bool[Tensor, "rows"]
) -> Float[Tensor, "rows time"]:
    """(x - mean) / std over the tokens of all scored rollouts; 0 elsewhere, and where all are equal.

    The std is the sample's, as in TRL's and verl's masked_whiten, without the 1e-8 that they add to the variance.
    """
    counted = mask & scored[:, None]
    chosen = values[counted]
    if len(chosen) < 2 or float(chosen.std()) <= FLOOR:
        return torch.zeros_like(values).float()
    return torch.where(counted, (values - chosen.mean()) / chosen.std(), 0.0).float()


def unscored_out(values: Float64[Tensor, "rows time"], scored: Bool[Tensor, "rows"]) -> Float[Tensor, "rows time"]:
    """In float32, with 0 for rollouts that no reward applies to."""
    return torch.where(scored[:, None], values, 0.0).float()

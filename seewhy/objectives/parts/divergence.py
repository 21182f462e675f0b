"""Penalties of the divergence from the reference, by samples of the policy: one place, in the reward or in the loss.

With d = log pi - log ref of a sampled token (http://joschu.net/blog/kl-approx.html): k1 = d, k2 = d^2 / 2,
k3 = exp(-d) - 1 + d. On policy, in expectation over the policy's tokens (arXiv 2510.01555):

| | value | gradient as a loss | gradient in the reward |
|---|---|---|---|
| k1 | KL(pi, ref) | none | of KL(pi, ref) |
| k2 | | of KL(pi, ref) | |
| k3 | KL(pi, ref) | of KL(ref, pi) | |
"""

from collections.abc import Mapping
from enum import StrEnum

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from seewhy.objectives.api import RolloutBatch, RolloutView
from seewhy.objectives.parts.ratios import LARGEST
from seewhy.objectives.parts.terms import require_weight

COEFFICIENT = "kl_coefficient"
"""In the state of an objective whose penalty adapts."""
MOST_ERROR = 0.2
"""Share by which a round's divergence counts as off its target (arXiv 1909.08593, section 2.2)."""


class Estimator(StrEnum):
    """Estimators of a divergence from one sample."""

    K1 = "k1"
    K2 = "k2"
    K3 = "k3"


class Place(StrEnum):
    """Where a divergence is penalised."""

    LOSS = "loss"
    REWARD = "reward"


def estimate(
    policy: Float[Tensor, "rows time"], reference: Float[Tensor, "rows time"], estimator: str
) -> Float[Tensor, "rows time"]:
    """The estimate at each token, differentiable in `policy`."""
    gap = (policy - reference).clamp(-LARGEST, LARGEST)
    match estimator:
        case Estimator.K1:
            return gap
        case Estimator.K2:
            return gap * gap / 2
        case _:
            return torch.expm1(-gap) + gap


def loss_penalty(view: RolloutView, weight: float, estimator: str) -> Float[Tensor, "rows time"]:
    """The weighted estimate at each token, 0 off the mask.

    Raises:
        ValueError: there is no reference.
    """
    if view.reference is None:
        raise ValueError("the rollouts have no log-probabilities of a reference, and kl is above 0")
    policy = torch.where(view.mask, view.policy, 0.0)
    reference = torch.where(view.mask, view.reference, 0.0)
    return weight * estimate(policy, reference, estimator)


def reward_penalty(batch: RolloutBatch, weight: float) -> Float64[Tensor, "rows time"]:
    """The weighted k1 at each token, of the policy that drew it: what is taken from the token's reward.

    Raises:
        ValueError: there is no reference.
    """
    if batch.reference is None:
        raise ValueError("the rollouts have no log-probabilities of a reference, and kl is above 0")
    gap = batch.old.double() - batch.reference.double()
    return torch.where(batch.mask, weight * gap, 0.0)


def adapted(state: Mapping[str, float], divergence: float, rollouts: int, target: float, horizon: int) -> float:
    """The coefficient after a round (arXiv 1909.08593, section 2.2): raised where the divergence was above target."""
    error = max(-MOST_ERROR, min(MOST_ERROR, divergence / target - 1.0))
    return state[COEFFICIENT] * (1.0 + error * rollouts / horizon)


def require_kl(name: str, kl: float, estimator: str, place: str = Place.LOSS) -> None:
    """Raise ValueError where a penalty is no penalty."""
    require_weight(f"{name}.kl", kl)
    if estimator not in list(Estimator):
        raise ValueError(f"{name}.kl_estimator must be one of {', '.join(Estimator)}, not {estimator!r}")
    if place not in list(Place):
        raise ValueError(f"{name}.kl_in must be one of {', '.join(Place)}, not {place!r}")
    if place == Place.LOSS and estimator == Estimator.K1:
        raise ValueError(
            f"{name}.kl_estimator must be k2 or k3 in the loss, not 'k1': k1 has no gradient there on average"
        )
    if place == Place.REWARD and estimator != Estimator.K1:
        raise ValueError(f"{name}.kl_estimator must be k1 in the reward, not {estimator!r}: its gradient is that of "
                         "KL(pi, ref) there alone")  # fmt: skip

"""How far the policy has moved from the one that drew the rollouts, and what is clipped of it."""

from math import inf

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from seewhy.objectives.api import RolloutView, TokenLoss
from seewhy.objectives.parts.terms import count_tokens

LARGEST = 20.0
"""Nats. Log-ratios are held within it, as in verl: e^20 is far outside of any clip, and e^90 is no number."""


def log_ratios_of(view: RolloutView) -> Float[Tensor, "rows time"]:
    """Log pi - log pi_old of each token, 0 off the mask, where it gets no gradient."""
    return torch.where(view.mask, view.policy - view.old, 0.0).clamp(-LARGEST, LARGEST)


def clipped_surrogate(
    ratio: Float[Tensor, "rows time"], advantages: Float[Tensor, "rows time"], low: float, high: float
) -> tuple[Float[Tensor, "rows time"], Bool[Tensor, "rows time"]]:
    """-min(ratio A, clip(ratio, 1 - low, 1 + high) A) (PPO, arXiv 1707.06347, eq. 7), and where the clip holds.

    There the loss has no gradient.
    """
    plain, clipped = ratio * advantages, ratio.clamp(1 - low, 1 + high) * advantages
    return -torch.minimum(plain, clipped), (clipped < plain).detach()


def clipped_loss(
    view: RolloutView,
    ratio: Float[Tensor, "rows time"],
    low: float,
    high: float,
    penalty: Float[Tensor, "rows time"] | None = None,
) -> TokenLoss:
    """The clipped surrogate of each token, plus a penalty where there is one, with its figures."""
    each, held = clipped_surrogate(ratio, view.advantages, low, high)
    return TokenLoss(each=each if penalty is None else each + penalty, terms=ratio_terms(view, ratio, held))


def sequence_log_ratio(view: RolloutView) -> Float[Tensor, "rows time"]:
    """The mean of log pi - log pi_old over a response, at each of its tokens (GSPO, arXiv 2507.18071, eq. 7)."""
    means = log_ratios_of(view).sum(dim=1) / count_tokens(view.mask)
    return torch.where(view.mask, means[:, None], 0.0)


def ratio_terms(
    view: RolloutView, ratio: Float[Tensor, "rows time"], held: Bool[Tensor, "rows time"]
) -> dict[str, Float[Tensor, "rows time"]]:
    """The ratio, the share of tokens that the clip holds, and k3 of the policy's divergence from the old one."""
    moved = log_ratios_of(view).detach()
    return {
        "ratio": torch.where(view.mask, ratio.detach(), 0.0),
        "clipped": torch.where(view.mask, held.float(), 0.0),
        "kl_old": torch.where(view.mask, torch.expm1(-moved) + moved, 0.0),
    }


def require_clip(name: str, value: float, most: float = inf) -> None:
    """Raise ValueError unless a clip leaves room, and not below 0."""
    if not 0.0 < value < most:
        raise ValueError(f"{name} must be above 0" + (f" and below {most:g}" if most < inf else "") + f", not {value}")

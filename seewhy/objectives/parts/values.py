"""The critic's loss."""

import torch
from jaxtyping import Float
from torch import Tensor


def value_loss(
    values: Float[Tensor, "rows time"],
    old: Float[Tensor, "rows time"],
    returns: Float[Tensor, "rows time"],
    clip: float,
) -> tuple[Float[Tensor, "rows time"], Float[Tensor, "rows time"]]:
    """Half the squared error of each value, and 1.0 where the clip holds it.

    With a clip above 0: max((V - R)^2, (clip(V, V_old - clip, V_old + clip) - R)^2) / 2 (as in OpenAI's baselines, TRL
    and verl). Clip 0 switches it off, as in ARES, whose code leaves the half away.
    """
    plain = (values - returns).square()
    if not clip:
        return plain / 2, torch.zeros_like(plain)
    near = (torch.clamp(values, old - clip, old + clip) - returns).square()
    return torch.maximum(plain, near) / 2, (near > plain).float().detach()

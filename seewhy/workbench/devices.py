"""Whether devices compute: a bfloat16 product on each against the same product on the CPU."""

import torch

SIDE = 64
"""Rows and columns of the matrices."""


def names() -> list[str]:
    """The GPUs that torch sees, by the name that their maker gave them, with their memory."""
    found = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return [f"{one.name}, {one.total_memory / (1 << 30):.0f} GiB" for one in found]


def built_for() -> str:
    """The CUDA version that torch is built for; empty for a build without."""
    return str(torch.version.cuda or "")


def product_error(device: str) -> float:
    """Largest error of a bfloat16 product on a device, over the largest value of the float32 product on the CPU.

    Raises:
        RuntimeError: the device cannot compute it.
    """
    rng = torch.Generator().manual_seed(0)
    left, right = (torch.randn(SIDE, SIDE, generator=rng) for _ in range(2))
    low = (left.to(device, torch.bfloat16) @ right.to(device, torch.bfloat16)).float().cpu()
    exact = left.bfloat16().float() @ right.bfloat16().float()
    return float((low - exact).abs().max() / exact.abs().max())

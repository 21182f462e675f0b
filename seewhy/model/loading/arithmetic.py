"""How a device computes: float32 products in TF32 or exactly, and by which implementation a net attends."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec

import torch
from transformers import PreTrainedModel

from seewhy.model.plan import EAGER, FLASH, SDPA, ComputePlan

AMPERE = (8, 0)
"""The first compute capability with TF32."""
PACKAGES = {"flash_attention_2": "flash_attn", "flash_attention_3": "flash_attn_interface"}
"""What an implementation needs; transformers would fetch a kernel from the Hub where it is missing."""


def set_tf32(*, is_on: bool) -> None:
    """Whether products and convolutions of float32 round their factors to TF32 on a GPU, in this process.

    Torch's own default is no for products and yes for convolutions.
    """
    torch.backends.cuda.matmul.allow_tf32 = is_on
    torch.backends.cudnn.allow_tf32 = is_on


@contextmanager
def exact_products() -> Generator[None]:
    """No TF32 while the context lasts."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    set_tf32(is_on=False)
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@contextmanager
def float32_attention(net: PreTrainedModel, compute: ComputePlan) -> Generator[None]:
    """An implementation that takes float32 while the context lasts: flash attention takes halves alone."""
    if compute.attention not in FLASH:
        yield
        return
    net.set_attn_implementation(SDPA)
    try:
        yield
    finally:
        net.set_attn_implementation(compute.attention)


def require_arithmetic(compute: ComputePlan, device: torch.device) -> None:
    """ValueError where a device cannot compute so, or a package is missing."""
    if compute.tf32 and (device.type != "cuda" or torch.cuda.get_device_capability(device) < AMPERE):
        raise ValueError(
            f"compute.tf32 needs an NVIDIA GPU of compute capability 8.0 or above, and the device is {device}: leave "
            "it away, or take precision bf16"
        )
    if compute.attention not in FLASH:
        return
    if device.type != "cuda":
        raise ValueError(f"compute.attention {compute.attention} needs an NVIDIA GPU, and the device is {device}: take "
                         f"{SDPA} or {EAGER}, or leave it empty")  # fmt: skip
    package = PACKAGES[compute.attention]
    if find_spec(package) is None:
        raise ValueError(f"compute.attention {compute.attention} needs the package {package}: pip install "
                         f"{package.split('_interface')[0].replace('_', '-')}, or take {SDPA}")  # fmt: skip


def fitting_attention(net: PreTrainedModel) -> list[str]:
    """Implementations that all parts of a net have."""
    parts = [part for part in net.modules() if isinstance(part, PreTrainedModel)]
    found = [EAGER]
    # Flags of transformers' classes, which its own setter reads.
    if all(part._supports_sdpa for part in parts):  # pyright: ignore[reportPrivateUsage]
        found.append(SDPA)
    if all(part._supports_flash_attn for part in parts):  # pyright: ignore[reportPrivateUsage]
        found.extend(FLASH)
    return found


def require_attention(net: PreTrainedModel, name: str) -> None:
    """ValueError, with those that fit, where a part of the net lacks an implementation; empty is the net's own."""
    fitting = fitting_attention(net)
    if name and name not in fitting:
        raise ValueError(f"compute.attention {name}: {type(net).__name__} has {', '.join(fitting)}")


def set_attention(net: PreTrainedModel, name: str) -> None:
    """Have a net's own layers attend so, its vision encoder among them; empty leaves its own choice."""
    require_attention(net, name)
    if name:
        net.set_attn_implementation(name)

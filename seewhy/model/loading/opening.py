"""Open a net on its device and in its precision, with its adapter where it has one, and compute in that precision."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial, wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar, runtime_checkable

import torch
from torch import nn
from transformers import BitsAndBytesConfig, PreTrainedModel

from seewhy.model.loading.adapter_files import load_adapter
from seewhy.model.loading.adapters import is_adapted, merge
from seewhy.model.loading.arithmetic import (
    exact_products,
    float32_attention,
    require_arithmetic,
    set_attention,
    set_tf32,
)
from seewhy.model.loading.reading import load_net
from seewhy.model.packed.recompute import checkpointing
from seewhy.model.plan import BF16, ComputePlan
from seewhy.model.weights import ADAPTER, base_of, root_of

ON_CPU = ComputePlan(device="cpu")
FOUR_BITS = "--compute.load-in-4bit"


@runtime_checkable
class Computes(Protocol):
    """A net and how it is computed."""

    net: PreTrainedModel
    root: nn.Module
    compute: ComputePlan


P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Computes)


def device_of(compute: ComputePlan) -> torch.device:
    """The plan's device; ValueError where this machine has none such."""
    if compute.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(compute.device)
    except RuntimeError as error:
        raise ValueError(f"--compute.device {compute.device!r} is no device: auto, cpu, cuda and cuda:1 are") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"--compute.device {compute.device}: torch sees {torch.cuda.device_count()} NVIDIA GPUs; leave it at auto, "
            "or install a torch that is built for CUDA"
        )
    return device


def quantisation_of(compute: ComputePlan) -> BitsAndBytesConfig | None:
    """How weights are stored in 4 bits, where the plan wants it; ValueError where this machine cannot."""
    if not compute.load_in_4bit:
        return None
    if device_of(compute).type != "cuda":
        raise ValueError(
            f"{FOUR_BITS} needs an NVIDIA GPU, and the device is {device_of(compute)}: leave the switch away; "
            "--compute.precision bf16 holds weights in half the memory on any device"
        )
    if find_spec("bitsandbytes") is None:
        raise ValueError(f"{FOUR_BITS} needs bitsandbytes: pip install bitsandbytes, or leave the switch away")
    products = torch.bfloat16 if compute.precision == BF16 else torch.float32
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=products
    )


def require_machine(compute: ComputePlan) -> None:
    """ValueError where this machine cannot do what the plan wants."""
    require_arithmetic(compute, device_of(compute))
    quantisation_of(compute)


def open_net(source: str | Path, compute: ComputePlan, masters: bool) -> PreTrainedModel:
    """The net of a folder or a Hub name, or the base of an adapter's folder with the adapter in it.

    `masters` holds float32 weights in any precision, as is needed where they are trained themselves.

    Raises:
        ValueError: this machine cannot do what the plan wants, or an adapter's base is not to be had.
    """
    root = str(root_of(source))
    try:
        net = _open_root(root, compute, masters)
    except (OSError, ValueError) as error:
        if base_of(source) is None:
            raise
        raise ValueError(
            f"{source} is an adapter, and its base {root!r} cannot be opened ({error}): bring the base there, or "
            f"correct base_model_name_or_path in {ADAPTER}"
        ) from error
    put_adapters(net, source)
    return net


def put_adapters(net: PreTrainedModel, source: str | Path) -> None:
    """Put the adapter of a folder into the net of its root; below it, that of its base is added into the weights.

    Raises:
        ValueError: an adapter does not fit.
    """
    base = base_of(source)
    if base is None:
        return
    put_adapters(net, base)
    if is_adapted(net):
        merge(net)
    load_adapter(net, Path(source))
    net.name_or_path = str(source)  # what is in the files of an adapter that is trained on the two of them


def _open_root(source: str, compute: ComputePlan, masters: bool) -> PreTrainedModel:
    dtype = torch.bfloat16 if compute.precision == BF16 and not masters else torch.float32
    device, quantisation = device_of(compute), quantisation_of(compute)
    require_arithmetic(compute, device)
    set_tf32(is_on=compute.tf32)
    if quantisation is None:
        net = load_net(source, dtype=dtype)
        net.to(device)  # pyright: ignore[reportArgumentType]
    else:
        net = load_net(source, dtype=dtype, quantization_config=quantisation, device_map={"": device})
    set_attention(net, compute.attention)
    return net


@contextmanager
def computing(net: PreTrainedModel, compute: ComputePlan) -> Generator[None]:
    """Forward passes of the net are as the plan says: matrix products in its precision, layers checkpointed or not."""
    with torch.autocast(net.device.type, torch.bfloat16, enabled=compute.precision == BF16):
        if compute.gradient_checkpointing and torch.is_grad_enabled():
            with checkpointing(net):
                yield
        else:
            yield


def as_planned(method: Callable[Concatenate[M, P], R]) -> Callable[Concatenate[M, P], R]:
    """A method of a model whose forward passes are computed as the model's plan says, within its root."""

    @wraps(method)
    def run(self: M, *args: P.args, **kwargs: P.kwargs) -> R:
        with computing(self.net, self.compute):
            return self.root(partial(method, self, *args, **kwargs))

    return run


def as_held(method: Callable[Concatenate[M, P], R]) -> Callable[Concatenate[M, P], R]:
    """A method whose forward passes are in the precision of the weights: it compares two ways to one number."""

    @wraps(method)
    def run(self: M, *args: P.args, **kwargs: P.kwargs) -> R:
        with (
            torch.autocast(self.net.device.type, enabled=False),
            exact_products(),
            float32_attention(self.net, self.compute),
        ):
            return method(self, *args, **kwargs)

    return run

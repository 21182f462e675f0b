"""Parts of an adapter that peft leaves to its own trainer: first values by the weights, dropout, modules held whole."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from peft.utils.integrations import dequantize_module_weight
from torch import Tensor, nn

from seewhy.model.packed.dropping import TOKENS, DropByExample
from seewhy.model.plan import OLORA

Layer = Any
"""A `LoraLayer` of peft, which is a module only together with what it is mixed into."""
NAME = "default"
"""What peft calls the one adapter of a net."""
START = "start"
"""A second one, taken away from the first: its first values, where these follow from the weights."""
LORA = ".lora_"
"""In the names of an adapter's tensors."""


def is_trained(name: str, whole: Sequence[str]) -> bool:
    """Whether a weight of this name is trained by the adapter."""
    if LORA in name:
        return f".{START}." not in name
    return any(name.startswith(f"{module}.") for module in whole)


def whole_modules(net: nn.Module, ends: Sequence[str]) -> list[str]:
    """The modules whose names end so.

    Raises:
        ValueError: an end names none, or one whose weights another module shares, which peft would part from it.
    """
    names = [name for name, _ in net.named_modules() if name and LORA not in f".{name}."]
    found: list[str] = []
    for end in ends:
        named = [name for name in names if f".{name}".endswith(f".{end}")]
        if not named:
            known = sorted({name for name in names if name.count(".") <= 1})
            raise ValueError(f"adapter.modules_to_save {end!r} names no module; there are {', '.join(known)}")
        found += [name for name in named if not any(f"{name}.".startswith(f"{other}.") for other in found)]
    places: dict[int, list[str]] = {}
    for name, parameter in net.named_parameters(remove_duplicate=False):
        places.setdefault(id(parameter), []).append(name)
    for module in found:
        for shared in places.values():
            inside = [name for name in shared if name.startswith(f"{module}.")]
            if inside and len(inside) < len(shared):
                other = next(name for name in shared if name not in inside)
                raise ValueError(
                    f"adapter.modules_to_save: {inside[0]} is the same weight as {other}, and peft would part the two; "
                    "leave it out"
                )
    return found


def drop_by_example(layer: Layer, name: str, share: float) -> None:
    """The layer's dropout is ours, at this share."""
    layer.lora_dropout[NAME] = DropByExample(share, name).eval()
    if NAME in layer.lora_variant and not vars(layer).get("drops_by_example"):
        vars(layer)["drops_by_example"] = True
        # Peft's DoRA looks whether it is in training mode before it calls its dropout.
        layer.register_forward_pre_hook(_as_training)
        layer.register_forward_hook(_as_evaluation)


def _as_training(layer: Layer, _: tuple[Tensor, ...]) -> None:
    dropout: DropByExample = layer.lora_dropout[NAME]
    layer.training = TOKENS.get() is not None and bool(dropout.share)


def _as_evaluation(layer: nn.Module, _: tuple[Tensor, ...], __: Tensor) -> None:
    layer.training = False


@torch.no_grad()
def start_with(layer: Layer, name: str, initial: str) -> None:
    """First values by the weight W = W0 + s B0 A0 (PiSSA, arXiv 2404.02948, eq. 2-4; OLoRA, arXiv 2406.01775, eq. 5).

    The papers put W0 in the place of W. Here W stays, and a second, frozen adapter adds -s B0 A0: the layer computes
    W + s (B A - B0 A0), the same, and without its adapter it still is the start.
    """
    base = layer.get_base_layer()
    rank, weight = layer.r[NAME], base.weight
    if rank > min(weight.shape):
        raise ValueError(f"adapter.initial {initial}: rank {rank} is above what {name} of {tuple(weight.shape)} has; "
                         f"set adapter.rank to {min(weight.shape)} or below")  # fmt: skip
    if not weight.is_meta:
        own = weight.data
        kept = own.clone()
        if initial == OLORA:
            layer.olora_init(NAME)
        else:
            layer.pissa_init(NAME, initial)
        own.copy_(kept)
        weight.data = own
    for part in ("lora_A", "lora_B"):
        made = getattr(layer, part)[NAME]
        made.weight.data = made.weight.data.contiguous()
        frozen = nn.Linear(made.in_features, made.out_features, bias=False, device="meta")
        frozen.weight = nn.Parameter(made.weight.detach().float().clone(), requires_grad=False)
        getattr(layer, part)[START] = frozen.eval()
    layer.lora_dropout[START] = nn.Identity().eval()
    layer.scaling[START] = -layer.scaling[NAME]
    layer.r[START], layer.lora_alpha[START] = rank, layer.lora_alpha[NAME]
    layer.lora_bias[START] = False
    layer.set_adapter([NAME, START])


def start_of(layer: Layer) -> dict[str, Tensor]:
    """The first values by name, where they follow from the weights."""
    if START not in layer.lora_A:
        return {}
    return {part: getattr(layer, part)[START].weight for part in ("lora_A", "lora_B")}


def starts(layer: Layer) -> bool:
    """Whether the adapter adds nothing yet."""
    first = start_of(layer)
    if first:
        return all(torch.equal(getattr(layer, part)[NAME].weight, weight) for part, weight in first.items())
    if any(tensor.any() for tensor in layer.lora_B.state_dict().values()):
        return False
    if NAME not in layer.lora_variant:
        return True
    norm = row_norms(dequantize_module_weight(layer.get_base_layer()))
    return bool(torch.allclose(layer.lora_magnitude_vector[NAME].weight, norm.float(), rtol=1e-6, atol=0))


@torch.no_grad()
def adds_nothing(layer: Layer) -> bool:
    """Whether what the adapter adds is 0, or no more than the rounding of [B, -B0] [A; A0] with equal halves."""
    if NAME in layer.lora_variant:
        return starts(layer)
    first, second = layer.lora_A[NAME].weight.float(), layer.lora_B[NAME].weight.float()
    return bool(((second @ first).abs() <= 1e-6 * (second.abs() @ first.abs())).all())


def row_norms(weight: Tensor) -> Tensor:
    """[rows] of a matrix."""
    return torch.linalg.norm(weight, dim=1)


@torch.no_grad()
def merged_weight(layer: Layer) -> Tensor:
    """The layer's weight with all that is beside it added in: W + s B A, or with DoRA m (W + s B A) / |W + s B A|.

    DoRA: arXiv 2402.09353, equation 5.
    """
    whole = dequantize_module_weight(layer.get_base_layer())
    total = whole.float()
    for name in layer.active_adapters:
        total = total + layer.get_delta_weight(name).float()
    if NAME in layer.lora_variant:
        total = total * (layer.lora_magnitude_vector[NAME].weight / row_norms(total))[:, None]
    return total.to(whole.dtype)


def doubled(layer: Layer) -> dict[str, Tensor]:
    """Of a layer with first values by its weight, one LoRA of twice the rank that adds the same: [A; A0], [B, -B0]."""
    first = start_of(layer)
    return {
        "lora_A": torch.cat([layer.lora_A[NAME].weight, first["lora_A"]]),
        "lora_B": torch.cat([layer.lora_B[NAME].weight, -first["lora_B"]], dim=1),
    }


def doubled_alpha(alpha: float, *, rank_stabilised: bool) -> float:
    """The alpha that keeps the scale at twice the rank."""
    return alpha * (math.sqrt(2) if rank_stabilised else 2)

"""The precision in which two ways to one number are compared: float32, whatever the weights' precision."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from transformers import PreTrainedModel

from seewhy.model.packed.group import Group, Prompt

HALVES = (torch.bfloat16, torch.float16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Largest gaps that rounding may make.

    Example:
        >>> EXACT.value < ROUGH.value
        True
    """

    value: float
    """Of a log-probability."""
    gradient: float
    """Of a gradient's entry, relative to the largest one."""


EXACT = Tolerance(value=1e-4, gradient=1e-3)
ROUGH = Tolerance(value=0.05, gradient=0.05)
"""Of weights in 4 bits, and of those for which float32 has no room. Right nets in bfloat16 differed by 0.01 to 0.03."""


@contextmanager
def in_float32(net: PreTrainedModel) -> Generator[Tolerance]:
    """Hold the net's weights in float32 while the context lasts; after it each is what it was, to the bit.

    Gives the tolerance that holds: rough where that cannot be.
    """
    if any(not parameter.is_floating_point() for parameter in net.parameters()):
        yield ROUGH
        return
    held = [(each, each.dtype) for each in (*net.parameters(), *net.buffers()) if each.dtype in HALVES]
    is_wide = _widen(held)
    try:
        yield EXACT if is_wide else ROUGH
    finally:
        _take_back(held)


def widened_bytes(net: PreTrainedModel) -> int:
    """Bytes of the net's weights while they are held so."""
    return sum(each.numel() * 4 if each.dtype in HALVES else each.nbytes for each in net.parameters())


def _widen(held: Sequence[tuple[Tensor, torch.dtype]]) -> bool:
    """Whether all of them have found room; where not, they are as before."""
    try:
        for tensor, _ in held:
            tensor.data = tensor.data.float()
    except torch.OutOfMemoryError:
        _take_back(held)
        return False
    return True


def _take_back(held: Sequence[tuple[Tensor, torch.dtype]]) -> None:
    for tensor, dtype in held:
        tensor.data = tensor.data.to(dtype)


def prompts_as(prompt: Prompt, dtype: torch.dtype) -> Prompt:
    """The prompt with pictures and features in the net's present precision."""
    return replace(
        prompt,
        pictures={name: _as(tensor, dtype) for name, tensor in prompt.pictures.items()},
        features=tuple(_as(tensor, dtype) for tensor in prompt.features),
    )


def groups_as(groups: Sequence[Group], dtype: torch.dtype) -> list[Group]:
    """The groups, likewise."""
    return [replace(group, prompt=prompts_as(group.prompt, dtype)) for group in groups]


def _as(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor

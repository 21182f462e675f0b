"""Passes without weights: what weights touch has a shape and no memory, and everything else keeps its values.

Weights and what is computed from them are on the meta device. Token ids, positions, picture sizes and masks stay on the
CPU until an operation joins them with a weight, for nets cut, gather and count by their values.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

META, CPU = torch.device("meta"), torch.device("cpu")
COUNTED = ("arange", "linspace", "scalar_tensor", "eye")
"""Operations that make the floating numbers by which nets place pictures; others that make them make room alone."""
INDEXED = ("index", "index_put", "index_put_", "_unsafe_index")


@contextmanager
def without_weights() -> Generator[None]:
    """While it lasts, a tensor that is asked for on the meta device has values as long as no weight is in it.

    Experts are chosen in turn, because which of them a token goes to depends on weights.
    """
    with _Literals(), _Operations():
        yield


class _Literals(TorchFunctionMode):
    """`torch.tensor` fills its result where no dispatch mode sees it."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        given = dict(kwargs or {})
        if func is torch.tensor and given.get("device") is not None:
            given["device"] = CPU
        return func(*args, **given)


class _Operations(TorchDispatchMode):
    """All other operations."""

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        given, name = dict(kwargs or {}), _name(func)
        tensors = [leaf for leaf in tree_leaves((args, given)) if isinstance(leaf, Tensor)]
        if not any(tensor.is_meta for tensor in tensors):
            return _with_values(func, args, given, has_tensors=bool(tensors))
        if name in INDEXED:
            args = (args[0], [number for index in args[1] for number in _numbers(index)], *args[2:])
        if "device" in given:
            given["device"] = META  # nets bring embeddings to where the token ids are
        if name == "_grouped_mm":  # which the meta device has for bfloat16 alone
            first, second, *others = tree_map(_on_meta, tuple(args))
            return func(first.bfloat16(), second.bfloat16(), *others, **tree_map(_on_meta, given)).to(first.dtype)
        made = func(*tree_map(_on_meta, tuple(args)), **tree_map(_on_meta, given))
        if name == "topk":
            return made[0], _in_turn(made[1], args[0].shape[-1])
        is_like = name.startswith("new_") or name.endswith("_like")
        if is_like and not made.is_floating_point():
            return func(_of_shape(args[0]), *args[1:], **{**given, "device": CPU})
        return made


def _name(func: Callable[..., Any]) -> str:
    """Without its overload: `index_put_` of `aten.index_put_.default`."""
    packet = func.overloadpacket if isinstance(func, torch._ops.OpOverload) else func  # pyright: ignore[reportPrivateUsage]
    return str(packet).rpartition(".")[2]


def _with_values(func: Callable[..., Any], args: Sequence[Any], given: Mapping[str, Any], *, has_tensors: bool) -> Any:  # noqa: ANN401 - what torch gives
    """What an operation gives that no weight takes part in: on the CPU, but for room for floating numbers."""
    if torch.device(given.get("device") or CPU) != META:
        if _name(func) == "histc":  # which the CPU has for floating numbers alone
            return func(args[0].float(), *args[1:], **given).to(args[0].dtype)
        return func(*args, **given)
    here = {**given, "device": CPU}
    if has_tensors:
        return func(*args, **here)
    made = func(*args, **given)
    return made if made.is_floating_point() and _name(func) not in COUNTED else func(*args, **here)


def _on_meta(value: object) -> object:
    return value.to(META) if isinstance(value, Tensor) and not value.is_meta else value


def _numbers(index: Tensor | None) -> Sequence[Tensor | None]:
    """A mask as the numbers of its places on each axis: how many there are depends on its values."""
    if index is None or index.dtype is not torch.bool or index.is_meta:
        return (index,)
    return index.nonzero().unbind(1)


def _in_turn(chosen: Tensor, experts: int) -> Tensor:
    """[tokens, k] numbers from 0 to `experts`, as evenly as can be."""
    return (torch.arange(chosen.numel()) % experts).view(chosen.shape)


def _of_shape(tensor: Tensor) -> Tensor:
    """A tensor of this shape on the CPU that takes no memory."""
    return torch.empty((), dtype=tensor.dtype).expand(tensor.shape)

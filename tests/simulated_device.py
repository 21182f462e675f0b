"""A second device, on paper: tensors that say they are elsewhere, and a mode that sees what a GPU would wait for.

The numbers are in the memory of the CPU, so what is computed is what the CPU computes. What is checked is what a
machine without a GPU cannot see otherwise. A tensor that was left on the CPU among others of the device is an error, as
it is on CUDA. A read (`.item()`, `.tolist()`, `.cpu()`, an index by a mask, `nonzero`), for which a device must have
done all before, is counted with the line that asked, and so is a copy to the device that the host waits for: each that
is not both pinned and `non_blocking`. What a net's own code in transformers reads is counted apart.

Torch learns of the device once a process, before its first backward pass.
"""

import sys
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

NAME = "paper"
READS = (
    "_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal", "_unique2", "unique_dim",
    "unique_consecutive", "unique_dim_consecutive", "bincount", "repeat_interleave", "nonzero_static",
)  # fmt: skip
"""Operations whose result, or its size, the host must know."""
INDEXED = ("index", "index_put", "index_put_", "_unsafe_index", "_index_put_impl_")
COPIES = ("_to_copy", "copy_", "copy")
OURS = str(Path(__file__).parents[1] / "seewhy")


class _Module(ModuleType):
    """What torch asks of a device's module."""

    def is_available(self) -> bool:
        return True

    def is_initialized(self) -> bool:
        return True

    def current_device(self) -> int:
        return 0

    def device_count(self) -> int:
        return 1

    def _is_in_bad_fork(self) -> bool:
        return False

    def manual_seed_all(self, seed: int) -> None:
        pass

    def get_rng_state(self, device: object = 0) -> Tensor:
        return torch.zeros(0, dtype=torch.uint8)

    def set_rng_state(self, state: Tensor, device: object = 0) -> None:
        pass

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16, torch.float16]


def device() -> torch.device:
    """The device, made known to torch."""
    if torch._C._get_privateuse1_backend_name() != NAME:
        backend_registration._setup_privateuseone_for_python_backend(NAME, backend_module=_Module(NAME))
    return torch.device(NAME, 0)


class OnDevice(Tensor):
    """A tensor of the device; `here` holds its numbers."""

    here: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls: type["OnDevice"], here: Tensor) -> "OnDevice":
        made = Tensor._make_wrapper_subclass(
            cls, here.size(), strides=here.stride(), storage_offset=here.storage_offset(), dtype=here.dtype,
            device=device(),
        )  # fmt: skip
        made.here = here
        return made

    def __repr__(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return f"OnDevice({tuple(self.shape)}, {self.dtype})"

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def data_ptr(self) -> int:
        return self.here.data_ptr()

    def untyped_storage(self) -> torch.UntypedStorage:
        return self.here.untyped_storage()

    @classmethod
    def __torch_dispatch__(
        cls, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:  # fmt: skip
        return _run(func, args, dict(kwargs or {}), Watched())


@dataclass(slots=True)
class Watched:
    """What the host waited for, by the line of ours that asked."""

    reads: Counter[str] = field(default_factory=Counter)
    uploads: Counter[str] = field(default_factory=Counter)
    of_nets: Counter[str] = field(default_factory=Counter)
    """Reads and copies of transformers' own code."""

    def add(self, kind: Counter[str], name: str) -> None:
        place, is_of_net = _place(name)
        (self.of_nets if is_of_net else kind)[place] += 1

    def clear(self) -> None:
        for kind in (self.reads, self.uploads, self.of_nets):
            kind.clear()


def _place(name: str) -> tuple[str, bool]:
    """Which line of ours, or of a net, asked for an operation; and whether it is of a net."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if "/transformers/" in file or file.startswith(OURS):
            return f"{name} at {Path(file).name}:{frame.f_lineno}", "/transformers/" in file
        frame = frame.f_back
    return f"{name} at a test", False


class _Device(TorchDispatchMode):
    """Sends what is asked for on the device there, and has the rest as it is."""

    def __init__(self, watched: Watched) -> None:
        super().__init__()
        self.watched = watched

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:  # fmt: skip
        return _run(func, args, dict(kwargs or {}), self.watched)


def _run(func: Any, args: Sequence[Any], given: dict[str, Any], watched: Watched) -> Any:
    name = func.overloadpacket.__name__
    tensors = [leaf for leaf in tree_leaves((args, given)) if isinstance(leaf, Tensor)]
    there = [tensor for tensor in tensors if isinstance(tensor, OnDevice)]
    goes = torch.device(given["device"]).type if given.get("device") is not None else None
    if name == "is_pinned":
        return not there and hasattr(args[0], "is_pinned_here")
    if name == "_pin_memory":
        pinned = args[0].clone()
        pinned.is_pinned_here = True
        return pinned
    if name in COPIES:
        return _copied(func, name, args, given, goes, watched)
    if not there and goes != NAME:
        return func(*args, **given)
    _require_one_place(name, args, tensors, there)
    if name in READS or (name in INDEXED and any(_is_mask(index) for index in args[1])):
        watched.add(watched.reads, name)
    if goes is not None:
        given["device"] = "cpu"
    if name == "_fused_sdp_choice":
        return 0  # torch's own arithmetic: what it fuses on the CPU says that it wants tensors of the CPU
    found = func(*tree_map(_here, tuple(args)), **tree_map(_here, given))
    if name == "_local_scalar_dense" or not any(isinstance(leaf, Tensor) for leaf in tree_leaves(found)):
        return found
    sent = found if goes not in (None, NAME) else tree_map(_there, found)
    return return_and_correct_aliasing(func, tuple(args), given, sent) if there else sent


def _copied(
    func: Any, name: str, args: Sequence[Any], given: dict[str, Any], goes: str | None, watched: Watched
) -> Any:
    source = args[1] if name != "_to_copy" else args[0]
    target = isinstance(args[0], OnDevice) if name != "_to_copy" else (
        goes == NAME if goes is not None else isinstance(source, OnDevice)
    )  # fmt: skip
    was = isinstance(source, OnDevice)
    if was and not target:
        watched.add(watched.reads, name)
    elif target and not was and source.dim():
        waits = not given.get("non_blocking", args[2] if len(args) > 2 else False)
        if waits or not hasattr(source, "is_pinned_here"):
            watched.add(watched.uploads, name)
    if goes is not None:
        given["device"] = "cpu"
    found = func(*tree_map(_here, tuple(args)), **given)
    if name == "copy_":
        return args[0]
    return OnDevice(found) if target else found


def _require_one_place(name: str, args: Sequence[Any], tensors: Sequence[Tensor], there: Sequence[Tensor]) -> None:
    left = [tensor for tensor in tensors if not isinstance(tensor, OnDevice) and tensor.dim()]
    if not left or not there:
        return
    raise RuntimeError(f"{name}: a tensor {tuple(left[0].shape)} was left on the CPU ({_place(name)[0]})")


def _is_mask(index: object) -> bool:
    return isinstance(index, Tensor) and index.dtype in (torch.bool, torch.uint8)


def _here(value: object) -> object:
    return value.here if isinstance(value, OnDevice) else value


def _there(value: object) -> object:
    return OnDevice(value) if isinstance(value, Tensor) and not isinstance(value, OnDevice) else value


def move(net: nn.Module) -> None:
    """All weights and buffers of a net to the device; a weight that two modules share stays one."""
    known: dict[int, nn.Parameter] = {}
    for module in net.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None and not isinstance(parameter.data, OnDevice):
                if id(parameter) not in known:
                    known[id(parameter)] = nn.Parameter(OnDevice(parameter.detach()), parameter.requires_grad)
                module._parameters[name] = known[id(parameter)]
        for name, buffer in module._buffers.items():
            if buffer is not None and not isinstance(buffer, OnDevice):
                module._buffers[name] = OnDevice(buffer)


@contextmanager
def simulated() -> Generator[Watched]:
    """While it lasts, tensors can be sent to the device, and what is waited for is counted."""
    device()
    watched = Watched()
    before = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)
    try:
        with _Device(watched):
            yield watched
    finally:
        torch._C._set_only_lift_cpu_tensors(before)

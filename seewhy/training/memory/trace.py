"""A forward and backward pass without weights: the whole net on the meta device, where tensors have shapes alone.

Every operation of the net and of autograd runs as it would, so what is counted is what the net does, whatever its
family: keys and values copied to each branch, masks, what each layer saves for its backward pass, log-probabilities in
chunks, gradients as they appear. Nothing is computed, and a net of seven billion weights takes seconds.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode
from transformers import AutoConfig, AutoModelForImageTextToText, PreTrainedConfig, PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from seewhy.model.packed.continued import continued_logps, tokens_of_continued
from seewhy.model.packed.group import Group, separate_tokens_of, tokens_of
from seewhy.model.packed.scores import Path, packed_logps, separate_logps
from seewhy.training.memory.estimate import PassBytes, WeightBytes
from seewhy.training.memory.live_bytes import LiveBytes
from seewhy.training.memory.meta_mode import META, without_weights

HALVED = frozenset({
    F.linear, F.conv2d, F.conv3d, F.scaled_dot_product_attention, torch.matmul, torch.bmm, Tensor.matmul,
    Tensor.__matmul__,
})  # fmt: skip
"""Functions that nets call and whose arguments autocast makes bfloat16 (PyTorch's list of CPU ops, those of them)."""


WAYS = {
    Path.PACKED: (packed_logps, tokens_of),
    Path.CONTINUED: (continued_logps, tokens_of_continued),
    Path.SEPARATE: (separate_logps, separate_tokens_of),
}
"""How groups are run, and how many tokens that takes without padding."""


def meta_net(config: PreTrainedConfig | str, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The net of a configuration, or of the folder or Hub name of one, without any memory for its weights."""
    found = AutoConfig.from_pretrained(config, trust_remote_code=False) if isinstance(config, str) else config
    with without_weights(), META:
        return AutoModelForImageTextToText.from_config(found, dtype=dtype).eval()


def weight_bytes(net: nn.Module) -> WeightBytes:
    """Bytes of a net's weights; those that ask for a gradient are moved."""
    sizes = [(parameter.nbytes, parameter.requires_grad) for parameter in net.parameters()]
    moved = [size for size, is_moved in sizes if is_moved]
    return WeightBytes(total=sum(size for size, _ in sizes), moved=sum(moved), largest=max(moved, default=0))


class _CpuAttention(TorchFunctionMode):
    """The fused attention that the CPU takes; on the meta device torch would take the one that keeps every weight."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        given = dict(kwargs or {})
        if func is not F.scaled_dot_product_attention:
            return func(*args, **given)
        query, key, value = args[:3]
        mask = given.get("attn_mask")
        if mask is not None and mask.dtype is torch.bool:
            mask = torch.zeros(mask.shape, dtype=query.dtype, device=META)
        return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(  # pyright: ignore[reportPrivateUsage]
            query, key, value, 0.0, given.get("is_causal", False), attn_mask=mask, scale=given.get("scale")
        )[0]


class _Halves(TorchFunctionMode):
    """What `torch.autocast` does to the products of a net, for it does nothing to tensors on the meta device."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        given = dict(kwargs or {})
        if func not in HALVED:
            return func(*args, **given)
        return func(*map(_half, args), **{name: _half(value) for name, value in given.items()})


def _half(value: object) -> object:
    return value.to(torch.bfloat16) if isinstance(value, Tensor) and value.dtype is torch.float32 else value


@dataclass(slots=True)
class _Saved:
    """What is saved for the backward pass, and inside which checkpointable layer."""

    known: frozenset[int]
    """Storages of the weights, which are there anyway."""
    sizes: dict[int, int] = field(default_factory=dict[int, int])
    by_layer: dict[int, int] = field(default_factory=dict[int, int])
    inputs: int = 0
    layer: list[int] = field(default_factory=list[int])

    def pack(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if id(storage) not in self.known and id(storage) not in self.sizes:
            self.sizes[id(storage)] = storage.nbytes()
            if self.layer:
                self.by_layer[self.layer[-1]] = self.by_layer.get(self.layer[-1], 0) + storage.nbytes()
        return tensor

    def enter(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        self.layer.append(id(module))
        self.inputs += sum(value.nbytes for value in args if isinstance(value, Tensor) and value.requires_grad)

    def leave(self, *_: object) -> None:
        self.layer.pop()

    @contextmanager
    def watching(self, net: nn.Module) -> Generator[None]:
        layers = [module for module in net.modules() if isinstance(module, GradientCheckpointingLayer)]
        handles = [layer.register_forward_pre_hook(self.enter) for layer in layers]
        handles += [layer.register_forward_hook(self.leave) for layer in layers]
        try:
            with saved_tensors_hooks(self.pack, lambda tensor: tensor):
                yield
        finally:
            for handle in handles:
                handle.remove()


def trace_memory(
    net: PreTrainedModel, groups: Sequence[Group], *, path: Path = Path.PACKED, is_half: bool = False
) -> PassBytes:
    """Runs these groups through a net on the meta device twice, forward and backward, and counts bytes.

    The weights that ask for a gradient are those that training moves. `path` says how the groups
    are run; `is_half` makes products bfloat16, as the precision bf16 does. Of responses only the lengths count.

    Raises:
        ValueError: they do not run so on this net.
    """
    tensors = [*net.parameters(), *net.buffers()]
    saved = _Saved(known=frozenset(id(tensor.untyped_storage()) for tensor in tensors))
    counter = LiveBytes(tensors)
    plain = [_plain(group) for group in groups]
    way, size = WAYS[path]

    def logps() -> Tensor:
        scored = way(net, plain)
        return torch.cat([row for rows in scored for row in rows])

    with without_weights(), _Halves() if is_half else nullcontext(), _CpuAttention(), counter:
        with saved.watching(net):
            scored = logps()
        scored.sum().backward()
        del scored
        first = counter.peak
        counter.restart()
        logps().sum().backward()
    for parameter in net.parameters():
        parameter.grad = None
    return PassBytes(
        saved=sum(saved.sizes.values()), saved_in_layers=sum(saved.by_layer.values()),
        largest_layer=max(saved.by_layer.values(), default=0), layer_inputs=saved.inputs, peak=first,
        peak_again=counter.peak, tokens=sum(map(size, groups)),
    )  # fmt: skip


def _plain(group: Group) -> Group:
    """Responses of as many tokens, none of which is a picture's."""
    return replace(group, responses=tuple(group.prompt.ids[-1:] * len(response) for response in group.responses))

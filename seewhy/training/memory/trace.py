"""A forward and backward pass without weights: the whole net on the meta device, where tensors have shapes alone.

Every operation of the net and of autograd runs as it would, so what is counted is what the net does, whatever its
family: keys and values copied to each branch, masks, what each layer saves for its backward pass, log-probabilities in
chunks, gradients as they appear. Nothing is computed, and a net of seven billion weights takes seconds.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode
from transformers import AutoConfig, AutoModelForImageTextToText, PreTrainedConfig, PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from seewhy.model.packed.group import Group, Layout, Prompt, joined_pictures, layout_of
from seewhy.model.packed.last_layer import packing
from seewhy.model.packed.logps import per_token_logps
from seewhy.model.packed.scores import head_of
from seewhy.training.memory.estimate import PassBytes, WeightBytes
from seewhy.training.memory.live_bytes import LiveBytes

META = torch.device("meta")
HALVED = frozenset({
    F.linear, F.conv2d, F.conv3d, F.scaled_dot_product_attention, torch.matmul, torch.bmm, Tensor.matmul,
    Tensor.__matmul__,
})  # fmt: skip
"""Functions that nets call and whose arguments autocast makes bfloat16 (PyTorch's list of CPU ops, those of them)."""


def meta_net(config: PreTrainedConfig | str, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The net of a configuration, or of the folder or Hub name of one, without any memory for its weights."""
    found = AutoConfig.from_pretrained(config) if isinstance(config, str) else config
    with META:
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
    net: PreTrainedModel, groups: Sequence[Group], *, is_packed: bool = True, is_half: bool = False
) -> PassBytes:
    """Runs these groups through a net on the meta device twice, forward and backward, and counts bytes.

    The weights that ask for a gradient are those that training moves. Separate rows (`is_packed` False) run as
    prompts beside each other without branches: as many tokens, and the same attention within each. `is_half` makes
    products bfloat16, as the precision bf16 does.
    """
    tensors = [*net.parameters(), *net.buffers()]
    prompts = [group.prompt for group in groups for _ in range(1 if is_packed else len(group.responses))]
    saved = _Saved(known=frozenset(id(tensor.untyped_storage()) for tensor in tensors))
    counter = LiveBytes(tensors)
    layout, targets = _layout(groups, is_packed)
    with _Halves() if is_half else nullcontext(), _CpuAttention(), counter:
        with saved.watching(net):
            scored = _logps(net, prompts, layout, targets)
        scored.sum().backward()
        del scored
        first = counter.peak
        counter.restart()
        _logps(net, prompts, layout, targets).sum().backward()
    for parameter in net.parameters():
        parameter.grad = None
    return PassBytes(
        saved=sum(saved.sizes.values()), saved_in_layers=sum(saved.by_layer.values()),
        largest_layer=max(saved.by_layer.values(), default=0), layer_inputs=saved.inputs, peak=first,
        peak_again=counter.peak, tokens=layout.restore.numel(),
    )  # fmt: skip


def _layout(groups: Sequence[Group], is_packed: bool) -> tuple[Layout, Tensor]:
    """On the meta device: where the tokens lie, and an index [targets] of those that predict a response's token."""
    lengths = [len(group.prompt.ids) - 1 for group in groups]
    targets = sum(len(response) for group in groups for response in group.responses)
    if is_packed:
        branches = [(len(response), number) for number, group in enumerate(groups) for response in group.responses]
        layout = layout_of(lengths, [length for length, _ in branches], [number for _, number in branches])
    else:
        rows = [[length + len(response) for response in group.responses]
                for length, group in zip(lengths, groups, strict=True)]  # fmt: skip
        layout = replace(layout_of([max(of_group) for of_group in rows for _ in of_group], [], []), unread=0)
    return _on_meta(layout), torch.empty(targets, dtype=torch.long, device=META)


def _on_meta(layout: Layout) -> Layout:
    return replace(
        layout, prefix_index=layout.prefix_index.to(META), branch_index=layout.branch_index.to(META),
        branch_group=layout.branch_group.to(META), visible=layout.visible.to(META), restore=layout.restore.to(META),
        branch_start=layout.branch_start.to(META),
    )  # fmt: skip


def _logps(net: PreTrainedModel, prompts: Sequence[Prompt], layout: Layout, targets: Tensor) -> Tensor:
    """Log-probabilities [targets] of one row, by the net's own embeddings, tower, layers and head."""
    ids = torch.empty(1, layout.restore.numel(), dtype=torch.long, device=META)
    embedded = net.get_input_embeddings()(ids)
    if any(prompt.pictures for prompt in prompts):
        # How nets put features in place of placeholders; which places these are does not matter to the bytes.
        mask = torch.empty(1, ids.shape[1], 1, dtype=torch.bool, device=META).expand_as(embedded)
        embedded = embedded.masked_scatter(mask, _features(net, prompts))
    with packing(net, layout):
        hidden = net.model(  # pyright: ignore[reportCallIssue]
            inputs_embeds=embedded, position_ids=ids, use_cache=False, branch_layout=layout
        ).last_hidden_state[0]
    read = hidden[hidden.shape[0] - targets.shape[0] :]
    return per_token_logps(read, head_of(net), targets, int(net.config.get_text_config().vocab_size))


def _features(net: PreTrainedModel, prompts: Sequence[Prompt]) -> Tensor:
    """[tokens, width] of all pictures; sizes of pictures stay numbers, for nets cut their features by them."""
    taken = signature(net.model.get_image_features).parameters
    pictures = {
        name: tensor.to(META) if tensor.is_floating_point() else tensor
        for name, tensor in joined_pictures(prompts).items()
        if name in taken
    }
    features = net.model.get_image_features(**pictures, return_dict=True).pooler_output
    return features if isinstance(features, Tensor) else torch.cat(tuple(features))

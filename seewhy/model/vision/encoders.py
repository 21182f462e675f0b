"""What a net's vision encoder gives for pictures, taken out of one pass and put back into another.

The encoder is the module that the net runs over pixels: the tower of a LLaVA, without its projector; tower and merger
of a Qwen-VL. What comes after it runs anew in each pass, so a projector may move while the encoder is frozen.
"""

import hashlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput

from seewhy.model.packed.group import Prompt, joined_pictures
from seewhy.model.vision.feature_files import raw

FEATURE_FIELDS = ("pooler_output", "last_hidden_state", "hidden_states", "attentions")
"""What `get_image_features` gives in transformers where the language model takes `pooler_output` alone."""


class Recall(nn.Module):
    """Takes the encoder's place, and returns its earlier output."""

    def __init__(self, encoder: nn.Module, output: ModelOutput) -> None:
        """All but the forward pass stays the encoder's."""
        super().__init__()
        self.encoder = encoder
        self.output = output

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the encoder has, its type or device too
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("encoder"), name)

    def forward(self, *_: object, **__: object) -> ModelOutput:
        """What was put in, as an object of its own: some nets write their features into it."""
        return type(self.output)(**self.output)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How an encoder's output is put together from its tensors: a tensor of a tuple is called `hidden_states/1`."""

    kind: type[ModelOutput]
    lengths: Mapping[str, int]
    """Of the fields that are tuples."""

    def build(self, tensors: Mapping[str, Tensor], device: torch.device) -> ModelOutput:
        """The output that holds these tensors, and None where it held others."""
        fields: dict[str, object] = {}
        for name, length in self.lengths.items():
            places = [f"{name}/{place}" for place in range(length)]
            fields[name] = tuple(tensors[place].to(device) if place in tensors else None for place in places)
        fields |= {name: tensor.to(device) for name, tensor in tensors.items() if "/" not in name}
        return self.kind(**fields)


def tensors_of(output: ModelOutput) -> tuple[Shape, dict[str, Tensor]]:
    """How the output is put together, and all its tensors by name."""
    lengths = {name: len(value) for name, value in output.items() if isinstance(value, tuple | list)}
    tensors = {name: value for name, value in output.items() if isinstance(value, Tensor)}
    for name in lengths:
        tensors |= {f"{name}/{k}": value for k, value in enumerate(output[name]) if isinstance(value, Tensor)}
    return Shape(kind=type(output), lengths=lengths), tensors


def encoder_place(net: PreTrainedModel) -> str | None:
    """Name of the module that the net runs over pixels; None where it has none of its own."""
    encoder = net.get_encoder("image")
    return next((name for name, module in net.named_modules() if name and module is encoder), None)


def encoder_identity(net: PreTrainedModel, place: str, kept: Sequence[str]) -> str:
    """Hash of the encoder's weights, the net's settings, what is kept of its output, and what its numbers run on."""
    encoder = net.get_submodule(place)
    parts = [type(net).__name__, net.config.to_json_string(), *kept, torch.__version__, transformers.__version__]
    parts += [str(net.device.type), str(torch.get_num_threads()) if net.device.type == "cpu" else ""]
    digest = hashlib.sha256("\n".join(parts).encode())
    for name, tensor in sorted([*encoder.named_parameters(), *encoder.named_buffers()], key=lambda pair: pair[0]):
        digest.update(f"/{name}/{tensor.dtype}/{tuple(tensor.shape)}/".encode())
        digest.update(raw(tensor))
    return digest.hexdigest()


def picture_features(net: PreTrainedModel, prompt: Prompt) -> tuple[Tensor, ...]:
    """`Prompt.features` as the net's own pass would make them.

    Raises:
        ValueError: the net gives neither a tensor a picture nor one of three axes for all, or more than that.
    """
    output = net.model.get_image_features(**joined_pictures([prompt], net.device), return_dict=True)
    more = [name for name, value in output.items() if value is not None and name not in FEATURE_FIELDS]
    if more:
        raise ValueError(f"beside a picture's features its language model takes {', '.join(more)}")
    taken = output.pooler_output
    if isinstance(taken, Tensor) and taken.dim() == 3:
        return (taken,)
    if not isinstance(taken, tuple | list):
        raise ValueError(f"{type(net).__name__} gives no features by picture: leave its pictures to every pass")
    return tuple(taken)


@torch.no_grad()
def encode(net: PreTrainedModel, place: str, prompt: Prompt) -> tuple[Shape, dict[str, Tensor]]:
    """What the encoder gives for a prompt's pictures, on the CPU.

    Raises:
        ValueError: the net does not run its encoder just once, or its output has no names.
    """
    taken: list[tuple[Shape, dict[str, Tensor]]] = []

    def take(_: nn.Module, __: object, output: object) -> None:
        if not isinstance(output, ModelOutput):
            raise ValueError(f"its {place} gives no named output")
        # Taken apart at once, for some nets write their features into the encoder's own output.
        taken.append(tensors_of(output))

    handle = net.get_submodule(place).register_forward_hook(take)
    try:
        picture_features(net, prompt)
    finally:
        handle.remove()
    if len(taken) != 1:
        raise ValueError(f"{type(net).__name__} runs its vision encoder {len(taken)} times a prompt")
    shape, tensors = taken[0]
    return shape, {name: tensor.cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}


@contextmanager
def recalling(net: PreTrainedModel, place: str, output: ModelOutput) -> Generator[None]:
    """Let `net` find `output` where it would run its encoder, while the context lasts."""
    encoder = net.get_submodule(place)
    net.set_submodule(place, Recall(encoder, output))
    try:
        yield
    finally:
        net.set_submodule(place, encoder)


def needed(net: PreTrainedModel, place: str, prompt: Prompt, shape: Shape, tensors: Mapping[str, Tensor]) -> list[str]:
    """Names of the encoder's tensors that the features are made of."""
    floating = {name: tensor for name, tensor in tensors.items() if tensor.is_floating_point()}
    with torch.enable_grad():
        leaves = {name: tensor.detach().clone().requires_grad_() for name, tensor in floating.items()}
        with recalling(net, place, shape.build({**tensors, **leaves}, net.device)):
            total = torch.stack([feature.float().sum() for feature in picture_features(net, prompt)]).sum()
        reached = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    unread = {name for name, gradient in zip(leaves, reached, strict=True) if gradient is None}
    return sorted(tensors.keys() - unread)

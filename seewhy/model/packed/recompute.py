"""Gradient checkpointing: a layer keeps its input alone, and is computed again in the backward pass."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from seewhy.model.packed.dropping import TOKENS, keyed
from seewhy.model.packed.last_layer import ROW, packing
from seewhy.model.packed.layout import Layout

OWN_DROPOUT = ("dropout", "activation_dropout", "hidden_dropout")
"""Numbers by which some layers drop values themselves, and not in a module of theirs."""


def _layers(net: PreTrainedModel) -> list[GradientCheckpointingLayer]:
    return [module for module in net.modules() if isinstance(module, GradientCheckpointingLayer)]


def enable_checkpointing(net: PreTrainedModel) -> None:
    """Readies the layers of the language model and of the tower; nothing changes before `checkpointing`.

    Raises:
        ValueError: the net has no such layers, or they would drop values while they are computed.
    """
    layers, who = _layers(net), type(net).__name__
    if not layers or not net.supports_gradient_checkpointing:
        raise ValueError(f"{who} cannot checkpoint its layers; leave compute.gradient_checkpointing away")
    if any(vars(layer).get(name) for layer in layers for name in OWN_DROPOUT):
        raise ValueError(f"{who} drops values in its layers: set its dropout to 0, or do without checkpointing")

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        """The backward pass comes when the forward pass is over: a packed row must be computed as one again."""
        return nullcontext(), _again(net, ROW.get(), TOKENS.get())

    # The name of later versions of transformers, which warn of the older one.
    renamed = hasattr(net, "activation_checkpointing_enable")
    enable = net.activation_checkpointing_enable if renamed else net.gradient_checkpointing_enable
    enable({"use_reentrant": False, "context_fn": contexts})
    net.disable_input_require_grads()  # what re-entrant checkpoints need, and ours do not


@contextmanager
def _again(net: PreTrainedModel, row: Layout | None, tokens: Tensor | None) -> Generator[None]:
    """A layer's forward pass as it was: over the same packed row, with the same values dropped."""
    with keyed(tokens), nullcontext() if row is None else packing(net, row):
        yield


@contextmanager
def checkpointing(net: PreTrainedModel) -> Generator[None]:
    """Layers are checkpointed in a forward pass in this context.

    Transformers does so in training mode alone, which would switch dropout on: only the layers themselves enter it,
    and what is in them, where all dropout is, stays in evaluation mode.
    """
    layers = _layers(net)
    before = [layer.training for layer in layers]
    try:
        for layer in layers:
            layer.training = True
        yield
    finally:
        for layer, mode in zip(layers, before, strict=True):
            layer.training = mode

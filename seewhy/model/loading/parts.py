"""Which weights are the language model's, which an encoder's of pictures or sound, and which are between the two."""

from collections.abc import Iterator
from typing import Literal

from torch import nn
from transformers import PreTrainedModel

Part = Literal["tower", "projector", "language"]
PARTS: tuple[Part, ...] = ("tower", "projector", "language")
BETWEEN = ("merger", "projector", "projection", "connector", "resampler", "aligner", "adapter", "qformer")
"""Words in the names of classes that bring an encoder's features to the language model, some within the encoder."""


def part_of_parameters(net: PreTrainedModel) -> dict[str, Part]:
    """The part of each parameter, by the module that holds it.

    The language model is what `get_decoder` gives, with the embeddings and the output layer; another pretrained model
    beside or within it is an encoder, of pictures or of sound; what remains is the projector.
    """
    decoder, words = net.get_decoder(), net.get_input_embeddings()
    heads = {id(p) for layer in (net.get_output_embeddings(), words) for p in _parameters(layer)}
    trunk, spine = _above(net, decoder), _above(net, words)
    encoders = {id(net.get_encoder(kind)) for kind in ("image", "audio")}
    encoders |= {id(module) for module in net.modules() if isinstance(module, PreTrainedModel)}
    parts: dict[str, Part] = {}
    for name, parameter in net.named_parameters():
        inner = [module for module in _holders(net, name) if id(module) not in trunk]
        is_language = decoder is net or decoder in inner
        starts = [place for place, module in enumerate(inner) if id(module) in encoders - spine]
        if id(parameter) in heads or (is_language and not starts):
            parts[name] = "language"
        else:
            is_tower = bool(starts) and not any(map(_is_between, inner[starts[0] :]))
            parts[name] = "tower" if is_tower else "projector"
    return parts


def _parameters(module: nn.Module | None) -> Iterator[nn.Parameter]:
    return iter(()) if module is None else module.parameters()


def _holders(net: nn.Module, name: str) -> Iterator[nn.Module]:
    """The modules that hold what has this name, the net itself first."""
    module = net
    yield module
    for step in name.split(".")[:-1]:
        module = module.get_submodule(step)
        yield module


def _above(net: nn.Module, module: nn.Module) -> set[int]:
    """Ids of the modules that hold this one, and of the net."""
    name = next((name for name, each in net.named_modules() if each is module), "")
    return {id(holder) for holder in _holders(net, name)}


def _is_between(module: nn.Module) -> bool:
    return any(word in type(module).__name__.lower() for word in BETWEEN)

"""The last text layer of a packed row computes of the prompts no more than their keys and values.

Of a prompt's last hidden states only that of its last token is used, of which each branch has a copy. So in that
layer the prompts' queries, their attention, its output projection and the feed-forward part are left out, forward and
backward: of a row that is half prompt, most of half a layer. The places of these tokens stay, with whatever is
left of them.
"""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.model.packed.layout import Layout
from seewhy.model.packed.shared_prefix import branching

TOKEN_WISE = ("q_proj", "o_proj", "mlp", "per_layer_input_gate", "per_layer_projection")
"""Parts of a layer that treat each token alone, by their names in transformers; others run over the whole row."""
ROW: ContextVar[Layout | None] = ContextVar("row", default=None)
"""The packed row that is run in this context."""


@contextmanager
def packing(net: PreTrainedModel, layout: Layout) -> Generator[None]:
    """Let the text layers attend over this packed row while the context lasts, the last one for branches alone."""
    layer, before = last_layer(net), ROW.set(layout)
    with ExitStack() as hooks:
        hooks.callback(ROW.reset, before)
        if layer is not None and layout.unread:
            cut = _Cut(unread=layout.unread)
            hooks.enter_context(layer.register_forward_pre_hook(_tell_attention, with_kwargs=True))
            for part in _token_wise(layer):
                hooks.enter_context(part.register_forward_pre_hook(cut.out))
                hooks.enter_context(part.register_forward_hook(cut.back))
        with branching(net):
            yield


def last_layer(net: PreTrainedModel) -> nn.Module | None:
    """The layer of the language model that runs last; None of a net that keeps its layers elsewhere."""
    decoder = net.get_decoder()
    return decoder.layers[-1] if hasattr(decoder, "layers") else None  # pyright: ignore


def _token_wise(layer: nn.Module) -> list[nn.Module]:
    """Experts are left whole, for they count their tokens."""
    found = [module for name, module in layer.named_modules() if name.rpartition(".")[2] in TOKEN_WISE]
    return [module for module in found if not hasattr(module, "experts")]


def _tell_attention(_: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], Any]:
    return given, {**named, "branch_layout": replace(named["branch_layout"], reads_prompts=False)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """Leaves out the beginning of a row around a call."""

    unread: int

    def out(self, _: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """[1, L, width] to [1, L - unread, width]."""
        return (given[0][:, self.unread :], *given[1:])

    def back(self, _: nn.Module, __: tuple[Any, ...], out: Tensor) -> Tensor:
        """The way back, with zeros."""
        return F.pad(out, (0, 0, self.unread, 0))

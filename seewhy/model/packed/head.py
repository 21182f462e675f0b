"""From hidden states to logits, as the net itself does it."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The output layer with what some nets do after it.

    Example:
        >>> Head(layer=nn.Identity(), cap=2.0)(torch.tensor([0.0, 100.0]))
        tensor([0., 2.])
    """

    layer: nn.Module
    divisor: float = 1.0
    """Logits are divided by it: Granite's `logits_scaling`."""
    cap: float | None = None
    """Logits are bent to stay below it: Gemma 2's `final_logit_softcapping` (arXiv 2408.00118, section 2)."""

    def __call__(self, hidden: Tensor) -> Tensor:
        """[..., width] to [..., vocabulary]."""
        logits = self.layer(hidden)
        if self.divisor != 1.0:
            logits = logits / self.divisor
        return logits if self.cap is None else self.cap * torch.tanh(logits / self.cap)


def head_of(net: PreTrainedModel) -> Head:
    """The net's head; raises ValueError where it has none."""
    layer = net.get_output_embeddings()
    if layer is None:
        raise ValueError(f"{type(net).__name__} has no output layer: load the model with its language-model head")
    config = net.config.get_text_config()
    return Head(
        layer=layer,
        divisor=float(config.logits_scaling) if hasattr(config, "logits_scaling") else 1.0,
        cap=config.final_logit_softcapping if hasattr(config, "final_logit_softcapping") else None,
    )

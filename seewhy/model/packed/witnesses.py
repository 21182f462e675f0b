"""The gradients by which two ways of scoring are compared: of few weights, which any fault on the way back reaches."""

import re
from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

NUMBER = re.compile(r"\.\d+(?=\.)")
"""Of a layer, in the name of a weight."""


def witnesses(net: PreTrainedModel) -> list[nn.Parameter]:
    """The weights that are looked at, of those that ask for a gradient.

    All vectors, such as norms and biases: there are some in each layer, and they are small. Of matrices the last one of
    each kind, a kind being a name without the numbers of layers; none of embeddings and output layer, which are the
    largest.
    """
    words = {id(p) for layer in (net.get_input_embeddings(), net.get_output_embeddings()) if layer is not None
             for p in layer.parameters()}  # fmt: skip
    asking = {name: p for name, p in net.named_parameters() if p.requires_grad and id(p) not in words}
    last = {NUMBER.sub("", name): name for name, parameter in asking.items() if parameter.dim() > 1}
    kept = set(last.values())
    return [parameter for name, parameter in asking.items() if parameter.dim() < 2 or name in kept]


def witness_bytes(net: PreTrainedModel) -> int:
    """Bytes of their gradients, in float32."""
    return 4 * sum(parameter.numel() for parameter in witnesses(net))


@contextmanager
def few_gradients(net: PreTrainedModel) -> Generator[list[Tensor]]:
    """While it lasts no weight but the witnesses asks for a gradient; nothing is computed for the others.

    Gives the witnesses, and last a vector of zeros that is added to what the embeddings give of each token: its
    gradient is the sum of all that comes back through the layers, so a fault of any of them is in it. Empty where no
    weight asks for a gradient.
    """
    asking = [parameter for parameter in net.parameters() if parameter.requires_grad]
    embeddings = net.get_input_embeddings()
    if not asking or embeddings is None:
        yield []
        return
    kept = witnesses(net)
    width = int(embeddings.weight.shape[1])  # pyright: ignore[reportIndexIssue, reportArgumentType]
    added = torch.zeros(width, device=asking[0].device, requires_grad=True)

    def add(_: nn.Module, __: object, out: Tensor) -> Tensor:
        return out + added.to(out)

    hook = embeddings.register_forward_hook(add)
    try:
        for parameter in asking:
            parameter.requires_grad = False
        for parameter in kept:
            parameter.requires_grad = True
        yield [*kept, added]
    finally:
        hook.remove()
        for parameter in asking:
            parameter.requires_grad = True

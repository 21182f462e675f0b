"""The module through which every forward pass of a net goes: what DDP and FSDP2 wrap, so that their hooks run."""

from collections.abc import Callable
from typing import TypeVar

from torch import nn

R = TypeVar("R")


class Root(nn.Module):
    """Holds a net, and runs within its own forward pass whatever calls parts of that net.

    A training pass calls the text model of a net and then, at the wanted positions alone, its output layer; the net's
    own forward pass is not called. Hooks of a wrapper are on the outermost module, so all of that is done in here.
    """

    def __init__(self, net: nn.Module) -> None:
        """Its parameters are the net's."""
        super().__init__()
        self.net = net

    def forward(self, run: Callable[[], R]) -> R:
        """What `run` returns; gradients must flow through the tensors in it."""
        return run()

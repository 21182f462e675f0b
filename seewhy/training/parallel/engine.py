"""How the passes of one step over several processes add up to the gradients of one process."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch._C._distributed_c10d import GradBucket
from torch.nn.parallel import DistributedDataParallel

from seewhy.training.api import Trainable
from seewhy.training.checkpoint import Progress, save_checkpoint
from seewhy.training.parallel.ranks import ALONE, Ranks


@runtime_checkable
class Rooted(Protocol):
    """A model all of whose forward passes go through one module, which may be wrapped."""

    root: nn.Module


@runtime_checkable
class Engine(Protocol):
    """What happens between a step's passes and its gradients."""

    @property
    def ranks(self) -> Ranks:
        """The processes that share a step."""
        ...

    def count_passes(self, own: int) -> int:
        """Passes that this process makes of a step, given those it has rows for; all processes call it together."""
        ...

    def one_pass(self, number: int, of: int) -> Any:  # noqa: ANN401
        """A context for the forward and the backward pass of that number."""
        ...

    @property
    def is_single(self) -> bool:
        """Whether a pass holds one group, so that all processes call the net as often."""
        ...

    def end_passes(self, *, has_pictures: bool) -> None:
        """Called when a step's gradients are added up; `has_pictures` of the rows of all processes."""
        ...

    def save(self, directory: Path, net: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
        """Writes a checkpoint, or begins to."""
        ...

    def flush(self) -> None:
        """Waits until the checkpoint that was begun is whole."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Every process holds all weights, and gradients are added up in a step's last pass; or there is one process."""

    ranks: Ranks = ALONE
    root: DistributedDataParallel | None = None
    is_single: bool = False

    def count_passes(self, own: int) -> int:
        return max(own, 1)

    @contextmanager
    def one_pass(self, number: int, of: int) -> Generator[None]:
        if self.root is None or number + 1 == of:
            yield
        else:
            with self.root.no_sync():
                yield

    def end_passes(self, *, has_pictures: bool) -> None:
        """DDP leaves what no process has used without a gradient."""

    def save(self, directory: Path, net: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
        if self.ranks.is_first:
            save_checkpoint(directory, net, optimizer, progress)
        # The next collective operation has a limit of time, and a slow disk may take longer.
        self.ranks.meet()

    def flush(self) -> None:
        """A checkpoint is whole when it was saved."""


ONE_PROCESS = Copies()


@contextmanager
def copies(model: Trainable, ranks: Ranks) -> Generator[Copies]:
    """While the context lasts, the model's passes go through DDP where there are several processes.

    Raises:
        ValueError: there are several, and the model has no root to be wrapped.
    """
    if ranks.is_alone:
        yield ONE_PROCESS
        return
    rooted = rooted_of(model)
    plain = rooted.root
    # In a step without pictures a vision tower gets no gradient, not even zeros: DDP looks for what is not used.
    wrapped = DistributedDataParallel(plain, find_unused_parameters=True)
    # Buffers are constants of a net: they are sent once, and not in each pass, of which processes make as they need.
    wrapped.broadcast_buffers = False
    wrapped.register_comm_hook(None, add_up)  # pyright: ignore[reportArgumentType]
    rooted.root = wrapped
    try:
        yield Copies(ranks=ranks, root=wrapped)
    finally:
        rooted.root = plain


def rooted_of(model: Trainable) -> Rooted:
    """The model; ValueError where it cannot be wrapped."""
    if not isinstance(model, Rooted):
        raise ValueError(f"{type(model).__name__} has no `root` to be wrapped: train it in one process")
    return model


def add_up(_: object, bucket: GradBucket) -> torch.futures.Future[Tensor]:
    """The sum of a bucket of gradients over all processes: each loss is a part of one mean, so nothing is averaged."""
    work = dist.all_reduce(bucket.buffer(), async_op=True)
    if work is None:
        raise ValueError("this process is not of the group that trains")
    return work.get_future().then(_reduced)


def _reduced(future: torch.futures.Future[list[Tensor]]) -> Tensor:
    return future.value()[0]

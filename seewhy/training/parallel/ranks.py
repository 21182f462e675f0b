"""The processes that train one model together, as a launcher started them, and how they speak with each other."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch._C._distributed_c10d import Store

from seewhy.training.parallel.watch import Watch, naming_loss

PAUSES = (0.001, 0.2)
"""Seconds between two looks for what another process says: at first, and at most."""
LIMIT = timedelta(minutes=30)
"""Time after which a collective operation fails; slow work is waited for without one."""
SAID_SECONDS = 2.0
"""How long a process waits for the first one to say the same error."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """The processes of one training, and which of them this one is. Values go between them as JSON, on the CPU.

    All processes call the same methods in the same order.
    """

    rank: int = 0
    """This process, from 0."""
    size: int = 1
    """How many there are."""
    store: Store | None = None
    """Where they leave word for each other."""
    words: count = field(default_factory=count)  # pyright: ignore[reportMissingTypeArgument]

    @property
    def is_first(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        """Whether there is no other process."""
        return self.size == 1

    def gather(self, value: Any) -> list[Any]:  # noqa: ANN401
        """What each process gives, in order of ranks, equal to the bit everywhere; a collective operation."""
        if self.is_alone:
            return [value]
        own = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
        sizes = [torch.zeros(1, dtype=torch.long) for _ in range(self.size)]
        dist.all_gather(sizes, torch.tensor([len(own)]))
        return [json.loads(row.numpy().tobytes()) for row in _gathered(own, [int(size) for size in sizes])]

    def gather_floats(self, own: Tensor) -> list[Tensor]:
        """1-d float32 of each process, on the CPU, to the bit; a collective operation."""
        sizes = self.gather(len(own))
        return [own for _ in sizes] if self.is_alone or not max(sizes) else _gathered(own, sizes)

    def highest(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Each figure of the process where it is highest; a collective operation."""
        found = self.gather(dict(figures))
        return {name: max(one[name] for one in found) for name in figures}

    def broadcast(self, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """What the first process makes; it alone calls `make`, and the others wait as long as that takes."""
        if self.store is None:
            return make()
        key = f"broadcast/{next(self.words)}"
        if self.is_first:
            self.store.set(key, json.dumps(make()))
        else:
            _wait(lambda: self.store is not None and self.store.check([key]))
        return json.loads(self.store.get(key))

    def meet(self) -> None:
        """Wait until all processes are here, however long that takes."""
        if self.store is None:
            return
        key, store = f"meet/{next(self.words)}", self.store
        store.add(key, 1)
        _wait(lambda: store.add(key, 0) >= self.size)

    def add(self, name: str, amount: int) -> int:
        """Add to a count that all processes share; its value afterwards."""
        if self.store is None:
            raise ValueError(f"{name}: a process alone takes its work in order")
        return self.store.add(f"add/{name}", amount)

    def is_said(self, error: str) -> bool:
        """Whether the first process says this error too, so that one line of it is enough."""
        if self.store is None:
            return False
        try:
            return _is_said(self.store, error, tells=self.is_first)
        except RuntimeError:  # who holds the store is gone, and says nothing
            return False

    def naming_loss(self) -> AbstractContextManager[None]:
        """While it lasts, an error about a process that cannot be reached is a ConnectionError."""
        return naming_loss()


ALONE = Ranks()


@dataclass(slots=True)
class _Joined:
    ranks: Ranks = ALONE
    watch: Watch | None = None


_JOINED = _Joined()


def ranks_here() -> Ranks:
    """The processes that this one has joined; itself alone where it has joined none."""
    return _JOINED.ranks


def join(limit: timedelta = LIMIT) -> Ranks:
    """Join the processes that a launcher (torchrun, accelerate) has started, by its environment variables.

    Each process takes the GPU of its local rank where there is one. A second call joins nothing more.

    Raises:
        ValueError: the launcher wants an engine that seewhy does not train with, or more processes than GPUs.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or not _JOINED.ranks.is_alone:
        return _JOINED.ranks
    if os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true" or os.environ.get("ACCELERATE_USE_MEGATRON_LM") == "true":
        raise ValueError(
            "the launcher's configuration asks for DeepSpeed or Megatron-LM: choose MULTI_GPU (DDP) or FSDP with "
            "fsdp_version 2, which shards as ZeRO-3 does (docs/scale.md)"
        )
    local = int(os.environ.get("LOCAL_RANK", "0"))
    backend = "gloo"
    if torch.cuda.is_available():
        if local >= torch.cuda.device_count():
            raise ValueError(
                f"{local + 1} or more processes on a machine with {torch.cuda.device_count()} GPUs: start one a GPU"
            )
        torch.cuda.set_device(local)
        backend = "cpu:gloo,cuda:nccl"
    if not dist.is_initialized():
        dist.init_process_group(backend, timeout=limit)
    store = dist.PrefixStore("seewhy", dist.distributed_c10d._get_default_store())  # pyright: ignore
    _JOINED.ranks = Ranks(rank=dist.get_rank(), size=dist.get_world_size(), store=store)
    own = dist.PrefixStore("watch", store.clone())  # pyright: ignore
    _JOINED.watch = Watch(own, dist.get_rank(), dist.get_world_size())
    _JOINED.watch.begin()
    return _JOINED.ranks


def whose(error: str) -> str:
    """The error with the number of this process, unless it is the first; empty where the first says the same."""
    rank = int(os.environ.get("RANK", "0"))
    if ranks_here().is_said(error):
        return ""
    return f"process {rank}: {error}" if rank else error


def leave() -> None:
    """Part from the other processes; called when all work is done, and not after an error."""
    ranks = _JOINED.ranks
    if not ranks.is_alone:
        ranks.meet()
        if _JOINED.watch is not None:
            _JOINED.watch.end()
        # The first process may hold the store: it goes when the others have had their last word.
        ranks.add("gone", 1)
        if ranks.is_first:
            _wait(lambda: ranks.add("gone", 0) == ranks.size)
        _JOINED.ranks = ALONE
        dist.destroy_process_group()


def _is_said(store: Store, error: str, *, tells: bool) -> bool:
    if tells:
        store.set("error", error)
        return False
    end = time.monotonic() + SAID_SECONDS
    while time.monotonic() < end:
        if store.check(["error"]):
            return store.get("error").decode() == error
        time.sleep(PAUSES[1])
    return False


def _gathered(own: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """What each process gives, of these sizes: all send as much as the longest has."""
    longest = max(sizes)
    rows = [own.new_zeros(longest) for _ in sizes]
    dist.all_gather(rows, torch.cat([own, own.new_zeros(longest - len(own))]))
    return [row[:size] for row, size in zip(rows, sizes, strict=True)]


def _wait(is_there: Callable[[], bool]) -> None:
    pause = PAUSES[0]
    while not is_there():
        time.sleep(pause)
        pause = min(2 * pause, PAUSES[1])

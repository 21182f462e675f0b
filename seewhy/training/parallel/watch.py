"""Whether the other processes are still there: a process whose machine is gone must not be waited for half an hour.

A process that is killed closes its connections, and who waits for it gets an error at once. A machine without power,
or a cut network, closes nothing. So each process counts up a number in the store that all share, and looks at that
of the next one; what one of them finds it tells all.
"""

import os
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch.distributed as dist
from torch._C._distributed_c10d import Store

BEAT_SECONDS = 2.0
"""Between two signs of life."""
LOST_SECONDS = 60.0
"""Without a sign of life, after which a process is taken to be lost; only its own interpreter can hold signs up."""
PAUSE_SECONDS = 10.0
"""A watch that was itself not called for so long was stopped, with its process, and starts anew."""
FAILED = 2
"""The exit code, as for other errors that a user can mend."""
BROKEN = ("gloo", "NCCL", "closed by peer", "reset by peer", "Broken pipe")
"""Words of torch's errors about processes that cannot be reached, where the error has no type of its own."""


def loss_of(who: str) -> str:
    """What is said when processes are gone."""
    return (
        f"{who}: it has ended, or its machine or the network to it is gone. What was trained is kept up to the newest "
        "checkpoint: the same command goes on from there, on as many processes as are left, or on one"
    )


@contextmanager
def naming_loss() -> Generator[None]:
    """Errors of torch about a process that cannot be reached become a ConnectionError that says how to go on."""
    try:
        yield
    except RuntimeError as error:
        is_told = isinstance(error, dist.DistNetworkError | dist.DistBackendError)
        if not is_told and not any(word in str(error) for word in BROKEN):
            raise
        raise ConnectionError(loss_of(f"lost another process ({str(error).splitlines()[0][:200]})")) from error


@dataclass(slots=True)
class Watch:
    """Ends this process where another one has not been heard of."""

    store: Store
    """A connection of its own: one that waits would hold up the others."""
    rank: int
    size: int
    lost_seconds: float = LOST_SECONDS
    over: threading.Event = field(default_factory=threading.Event)
    heard: float = field(default_factory=time.monotonic)
    """When the next process's number last went up."""
    spoke: float = field(default_factory=time.monotonic)
    """When the store last answered."""
    lost: int | None = None
    """What another process has found."""

    @property
    def next(self) -> int:
        """The process that this one watches."""
        return (self.rank + 1) % self.size

    def begin(self) -> None:
        """Until `end`, in threads that no collective operation holds up."""
        for work in (self._beat, self._look):
            threading.Thread(target=work, daemon=True, name=f"seewhy{work.__name__}").start()

    def end(self) -> None:
        """Called when all processes are done."""
        self.over.set()

    def _beat(self) -> None:
        number = 0
        while not self.over.wait(BEAT_SECONDS):
            try:
                self.store.add(f"beat/{self.rank}", 1)
                found = self.store.add(f"beat/{self.next}", 0)
                self.lost = int(self.store.get("lost")) if self.store.check(["lost"]) else None
            except RuntimeError:
                return  # The store is gone: what waits for it says so, and `_look` does where nothing waits.
            self.spoke = time.monotonic()
            if found != number:
                number, self.heard = found, self.spoke

    def _look(self) -> None:
        last = time.monotonic()
        while not self.over.wait(1.0):
            now = time.monotonic()
            if now - last > PAUSE_SECONDS:
                self.heard = self.spoke = now
            last = now
            if now - self.spoke > self.lost_seconds:
                self._give_up("the first process's machine")
            if now - self.heard > self.lost_seconds:
                self.store.set("lost", str(self.next))
                self._give_up(f"process {self.next}")
            if self.lost is not None:
                self._give_up(f"process {self.lost}")

    def _give_up(self, who: str) -> None:
        """At once: what waits for another process in the main thread can be ended no other way."""
        line = loss_of(f"{who} has not been heard of for {self.lost_seconds:.0f} s")
        sys.stderr.write(f"seewhy: process {self.rank}: {line}\n")
        sys.stderr.flush()
        os._exit(FAILED)

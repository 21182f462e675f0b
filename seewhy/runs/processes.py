"""The processes that a launcher started for a run, as the runner sees them; a run of one process loads no torch."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from seewhy.runs.discovery import load_part
from seewhy.runs.lock import only_writer


class Processes(Protocol):
    """Those that run the same steps at the same time; `training/parallel/ranks.py` has them."""

    @property
    def is_first(self) -> bool:
        """Whether this process writes in the run."""
        ...

    @property
    def is_alone(self) -> bool:
        """Whether there is no other."""
        ...

    def broadcast(self, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """What the first process makes; the others wait."""
        ...

    def meet(self) -> None:
        """Wait for all."""
        ...

    def add(self, name: str, amount: int) -> int:
        """Add to a count that all share; its value afterwards."""
        ...

    def naming_loss(self) -> AbstractContextManager[None]:
        """While it lasts, an error about a process that cannot be reached says how to go on."""
        ...


@dataclass(frozen=True, slots=True)
class OneProcess:
    """A run in this process alone."""

    is_first: bool = True
    is_alone: bool = True

    def broadcast(self, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        return make()

    def meet(self) -> None:
        """There is no other process to wait for."""

    def add(self, name: str, amount: int) -> int:
        raise ValueError(f"{name}: a process alone takes its work in order")

    def naming_loss(self) -> AbstractContextManager[None]:
        return nullcontext()


def is_launched() -> bool:
    """Whether a launcher (torchrun, accelerate) started this process beside others."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def processes_here() -> Processes:
    """Joins the others where a launcher started them."""
    return load_part("training.parallel", "ranks").join() if is_launched() else OneProcess()


def writing_in(root: Path, processes: Processes) -> AbstractContextManager[None]:
    """`only_writer` of the first process, which writes for all."""
    return only_writer(root) if processes.is_first else nullcontext()

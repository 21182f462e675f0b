"""What a Ray actor does: it opens a run by its directory and maps blocks, on whatever node has room for it."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import ray

from seewhy.records.lineage import library_versions
from seewhy.runs.discovery import call_part
from seewhy.runs.lock import LOCK
from seewhy.runs.recipe_text import build_recipe
from seewhy.runs.run import OpenRun
from seewhy.runs.workers import Answer, RunWorker


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What an actor begins with: plain values, so that no class need be the same on both sides before it is checked."""

    plain: Mapping[str, object]
    """Recipe and machine."""
    root: str
    out: str
    folder: str
    """Where the command was started: relative paths of the recipe are seen from there."""
    writer: str
    """What the run's lock says of the process that writes: who reads the same sees the same storage."""
    seen_s: float


class BlockActor:
    """A process of the cluster that maps blocks; Ray makes it, on whatever node has room."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.worker: RunWorker | None = None

    def open(self) -> tuple[str, dict[str, str]]:
        """Open the run by its directory; no model yet.

        Returns:
            Node and process, and the versions of the libraries that shape rows.

        Raises:
            ValueError: this node does not see the run's directory.
        """
        place = f"process {os.getpid()} on {ray.util.get_node_ip_address()}"
        shared = self.shared
        if Path(shared.folder).is_dir():
            os.chdir(shared.folder)
        lock = Path(shared.root) / LOCK
        if not comes_true(lambda: lock.is_file() and lock.read_text(encoding="utf-8") == shared.writer, shared.seen_s):
            raise ValueError(
                f"{place} does not see {shared.root} as the command does: the run's directory must be on storage that "
                "all nodes share, under the same path"
            )
        recipe, machine = build_recipe(shared.plain, shared.root)
        if recipe.compute.device.startswith("cuda:"):
            # Of this machine's GPUs the actor sees its own alone, and that is the first.
            recipe = replace(recipe, compute=replace(recipe.compute, device="cuda"))
        out = Path(shared.out) if shared.out else None
        self.worker = RunWorker(OpenRun(root=Path(shared.root), recipe=recipe, machine=machine, out=out))
        return place, library_versions()

    def do(self, ref: str, number: int, total: int) -> Answer:
        """Make the shard of a block of a unit with so many input rows.

        Raises:
            ValueError: this node sees another number of input rows, also after a while.
        """
        assert self.worker is not None, "an actor is opened first"
        run = self.worker.run
        if run.uses_weights(run.node(ref)):
            # Torch, which a unit without a model does not need, counts all cores where Ray's OMP_NUM_THREADS is lost.
            call_part("runs", "threads", "limit_threads", run.machine.runner.cpus)
            if run.compute.is_demanding:
                call_part("model.loading", "opening", "require_machine", run.compute)
        unit = self.worker.unit(ref)

        def sees_all() -> bool:
            if len(unit.inputs) != total:
                unit.inputs = unit.stage.inputs(run)
            return len(unit.inputs) == total

        if not comes_true(sees_all, self.shared.seen_s):
            raise ValueError(
                f"{ref}: process {os.getpid()} on {ray.util.get_node_ip_address()} sees {len(unit.inputs)} input rows, "
                f"and there are {total}: are all files that the unit reads on storage that all nodes share?"
            )
        return self.worker.do(ref, number)


def comes_true(seen: Callable[[], bool], seconds: float) -> bool:
    """Whether something is so, now or within so many seconds."""
    until = time.monotonic() + seconds
    while not seen():
        if time.monotonic() >= until:
            return False
        time.sleep(min(1.0, seconds / 10))
    return True


def require_same_versions(place: str, versions: Mapping[str, str]) -> None:
    """ValueError where a node has other versions of libraries that shape rows; builds such as +cpu are not compared."""
    here = library_versions()
    others = [
        f"{name} {versions[name]} (here {here[name]})"
        for name in sorted(here.keys() & versions.keys() - {"python"})
        if versions[name].partition("+")[0] != here[name].partition("+")[0]
    ]
    if others:
        raise ValueError(f"{place} has {', '.join(others)}: rows would not be the same; install the same versions on "
                         "all nodes")  # fmt: skip

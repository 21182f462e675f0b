"""Worker processes of a run: each opens the run by its directory, and maps blocks with models of its own."""

import multiprocessing
import os
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from seewhy.runs.api import RowStage
from seewhy.runs.blocks import BlockWorker, Done
from seewhy.runs.discovery import load_part
from seewhy.runs.models import ProcessModels
from seewhy.runs.run import OpenRun

PRELOADED = ["torch", "transformers", "seewhy.model.families.hub", "seewhy.runs.workers"]
"""Loaded once, before workers are forked from the process that has them."""
AHEAD = 1
"""Blocks that wait beside those that are worked, for each worker."""


@dataclass(slots=True)
class _Process:
    """What one worker process keeps between blocks."""

    run: OpenRun | None = None
    models: ProcessModels | None = None
    ref: str = ""
    worker: BlockWorker | None = None
    notes: list[str] | None = None


_PROCESS = _Process()


@dataclass(frozen=True, slots=True)
class _Answer:
    done: Done
    notes: tuple[str, ...]
    spent: str


def _begin(run: OpenRun, threads: int) -> None:
    """The first thing that a worker does."""
    # Ctrl-C reaches the whole group: the parent alone decides what becomes of it.
    load_part("runs", "threads").limit_threads(threads)
    notes: list[str] = []
    _PROCESS.run, _PROCESS.notes = run, notes
    _PROCESS.models = ProcessModels(run=run, note=notes.append)


def _do(ref: str, number: int) -> _Answer:
    run, models, notes = _PROCESS.run, _PROCESS.models, _PROCESS.notes
    if run is None or models is None or notes is None:
        raise RuntimeError("a worker was asked before it began")
    if _PROCESS.ref != ref or _PROCESS.worker is None:
        node = run.node(ref)
        unit = cast(RowStage, node.unit)
        _PROCESS.worker = BlockWorker.of(unit, unit.worker(run, models), run, run.place(ref), models)
        _PROCESS.ref = ref
    done = _PROCESS.worker.do(number)
    told = tuple(notes)
    notes.clear()
    return _Answer(done, told, models.spent)


def default_workers(run: OpenRun, *, has_gpu: bool) -> int:
    """Worker processes of a run: as its machine says, else one a core, or none beside this one where a GPU is used."""
    if run.machine.workers:
        return run.machine.workers
    return 1 if has_gpu else len(os.sched_getaffinity(0))


@contextmanager
def worker_pool(run: OpenRun, workers: int) -> Generator[ProcessPoolExecutor]:
    """Processes with one thread each; they end with the context."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(run, 1))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def map_blocks(pool: ProcessPoolExecutor, workers: int, ref: str, numbers: list[int]) -> Iterator[_Answer]:
    """Make the shards of these blocks; answers come as blocks are done, in whatever order.

    Raises:
        RuntimeError: a worker process died, as of lack of memory.
    """
    left, under_way = iter(numbers), set[Future[Any]]()
    try:
        while True:
            for number in left:
                under_way.add(pool.submit(_do, ref, number))
                if len(under_way) >= workers * (1 + AHEAD):
                    break
            if not under_way:
                return
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for one in done:
                yield one.result()
    except BrokenProcessPool as error:
        raise RuntimeError(
            f"a worker process of {ref} was ended, perhaps for lack of memory; finished blocks are kept: run the same "
            "command again, with fewer --workers if it recurs"
        ) from error
    finally:
        for one in under_way:
            one.cancel()

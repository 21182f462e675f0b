"""Worker processes of a run: each opens the run by its directory, and maps blocks with models of its own."""

import multiprocessing
import os
import sys
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

from seewhy.runs.api import RowStage
from seewhy.runs.block_queue import WorkersLostError
from seewhy.runs.blocks import BlockWorker, Done, sent_block
from seewhy.runs.discovery import call_part, load_part
from seewhy.runs.graph import Node
from seewhy.runs.hooks import MayBeComputed
from seewhy.runs.models import ProcessModels
from seewhy.runs.run import OpenRun
from seewhy.runs.runner_plan import call_ray

PRELOADED = ["torch", "transformers", "seewhy.model.families.hub", "seewhy.runs.workers"]
"""Loaded once, before workers are forked from the process that has them."""
PRELOADED_WITHOUT_MODELS = ["pandas", "seewhy.runs.workers"]
"""The same for a run none of whose units has a local model; pyarrow loads pandas at its first array, if it is there."""
AHEAD = 1
"""Blocks that wait beside those that are worked, for each worker."""
WORTH_STARTING = 16
"""Blocks of a unit without a local model for which processes are begun: fewer take less time than that."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A block that is done, what its worker has to say, and what its servers were paid so far, in words."""

    done: Done
    notes: tuple[str, ...]
    spent: str


class RunWorker:
    """One process that maps blocks of a run, unit after unit, with models that it keeps open."""

    def __init__(self, run: OpenRun) -> None:
        self.run = run
        self.notes: list[str] = []
        self.models = ProcessModels(run=run, note=self.notes.append)
        self.ref = ""
        self.worker: BlockWorker | None = None

    def unit(self, ref: str) -> BlockWorker:
        """The worker of a unit, made when its first block is wanted."""
        if self.worker is None or self.ref != ref:
            unit = cast(RowStage, self.run.node(ref).unit)
            self.worker = BlockWorker.of(unit, unit.inputs(self.run), self.run, self.run.place(ref), self.models)
            self.ref = ref
        return self.worker

    def do(self, ref: str, number: int, sent: Sequence[Any] | None = None) -> Answer:
        """Make the shard of a block."""
        done = self.unit(ref).do(number, sent)
        told = tuple(self.notes)
        self.notes.clear()
        return Answer(done, told, self.models.spent)


_OF_THIS_PROCESS: list[RunWorker] = []


def _begin(run: OpenRun, threads: int) -> None:
    """The first thing that a worker does."""
    # Read by torch, which is loaded only where a unit wants a local model.
    os.environ["OMP_NUM_THREADS"] = str(threads)
    if "torch" in sys.modules:
        load_part("runs", "threads").limit_threads(threads)
    _OF_THIS_PROCESS[:] = [RunWorker(run)]


def _do(ref: str, number: int, sent: Sequence[Any] | None) -> Answer:
    return _OF_THIS_PROCESS[0].do(ref, number, sent)


class Workers(Protocol):
    """Who maps blocks beside this process."""

    def map(self, node: Node, numbers: list[int], inputs: Sequence[Any]) -> Iterator[Answer] | None:
        """Make the shards of these blocks of a unit, in whatever order; None where this process is to make them.

        `inputs` are those of the unit, as its stage has them.
        """
        ...

    def release(self) -> None:
        """Let go what a training could use: workers that hold a GPU, where they can be had again."""
        ...


@dataclass(slots=True, kw_only=True)
class LocalWorkers:
    """Worker processes of this machine, for units with a local model and several blocks, or computed and with many."""

    run: OpenRun
    stack: ExitStack
    """Ends them."""
    pool: ProcessPoolExecutor | None = None
    workers: int = 0

    def map(self, node: Node, numbers: list[int], inputs: Sequence[Any]) -> Iterator[Answer] | None:
        uses_weights = self.run.uses_weights(node)
        is_computed = isinstance(node.unit, MayBeComputed) and node.unit.is_computed()
        worth = 2 if uses_weights or (is_computed and self.pool is not None) else WORTH_STARTING
        if len(numbers) < worth or not (uses_weights or is_computed):
            return None
        # Torch, which knows of GPUs, is loaded for units with a model alone.
        has_gpu = uses_weights and bool(call_part("runs", "threads", "has_gpu", self.run.compute.device))
        workers = default_workers(self.run, has_gpu=has_gpu)
        if workers == 1:
            return None
        if self.pool is None:
            self.workers = workers
            self.pool = self.stack.enter_context(worker_pool(self.run, workers))
        size = cast(RowStage, node.unit).block_size()
        blocks = ((number, sent_block(inputs, number, size)) for number in numbers)
        return map_blocks(self.pool, self.workers, node.ref, blocks)

    def release(self) -> None:
        """They hold no GPU, and beginning them takes seconds: they stay."""


def workers_of(run: OpenRun, stack: ExitStack) -> Workers:
    """The workers of a run's machine, ended by `stack`; none is started yet.

    Raises:
        ValueError: they are Ray's, and Ray is not installed.
    """
    if run.machine.runner.is_ray:
        return cast(Workers, call_ray("ray_workers", "RayWorkers", run=run, stack=stack))
    return LocalWorkers(run=run, stack=stack)


def default_workers(run: OpenRun, *, has_gpu: bool) -> int:
    """Worker processes of a run: as its machine says, else one a core, or none beside this one where a GPU is used."""
    if run.machine.workers:
        return run.machine.workers
    return 1 if has_gpu else len(os.sched_getaffinity(0))


@contextmanager
def worker_pool(run: OpenRun, workers: int) -> Generator[ProcessPoolExecutor]:
    """Processes with one thread each; they end with the context."""
    context = multiprocessing.get_context("forkserver")
    has_models = any(run.uses_weights(node) for node in run.nodes.values())
    context.set_forkserver_preload(PRELOADED if has_models else PRELOADED_WITHOUT_MODELS)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(run, 1))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def map_blocks(
    pool: ProcessPoolExecutor, workers: int, ref: str, blocks: Iterator[tuple[int, Sequence[Any] | None]]
) -> Iterator[Answer]:
    """Make the shards of these blocks, numbers and what is sent of them; answers come as blocks are done.

    Raises:
        WorkersLostError: a worker process died, as of lack of memory.
    """
    under_way = set[Future[Any]]()
    try:
        while True:
            for number, sent in blocks:
                under_way.add(pool.submit(_do, ref, number, sent))
                if len(under_way) >= workers * (1 + AHEAD):
                    break
            if not under_way:
                return
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for one in done:
                yield one.result()
    except BrokenProcessPool as error:
        raise WorkersLostError(
            f"a worker process of {ref} was ended, perhaps for lack of memory; finished blocks are kept: run the same "
            "command again, with a smaller machine.workers if it recurs"
        ) from error
    finally:
        for one in under_way:
            one.cancel()

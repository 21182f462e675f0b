"""Blocks of row stages on a Ray cluster: a pool of actors, each with its own models, that write to the run's directory.

What a block holds follows from its number, and a shard appears whole or not at all, so nothing but numbers goes over
the network. Ray retries nothing by itself here: an error of a stage is an error of the run, and a lost actor's
unfinished blocks go to others.
"""

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import ray
from ray import exceptions

from seewhy.records.shards import shard_numbers, shard_path
from seewhy.runs.api import RowStage
from seewhy.runs.block_queue import BlockQueue, WorkersLostError, surplus_workers, wanted_workers
from seewhy.runs.blocks import BLOCKS, Done, block_of
from seewhy.runs.graph import Node
from seewhy.runs.lock import LOCK
from seewhy.runs.ray_actor import BlockActor, Shared, comes_true, require_same_versions
from seewhy.runs.ray_cluster import gpus_wanted, joined, room_words, rooms
from seewhy.runs.recipe_text import plain_of
from seewhy.runs.run import OpenRun
from seewhy.runs.structure import unstructure
from seewhy.runs.workers import Answer

TICK_S = 1.0
"""Between two looks at the cluster's nodes while no block is done."""
TOLD_AFTER_S = 30.0
"""Seconds without any actor after which a message says what is waited for."""
MOST_WAIT_S = 30.0
"""Seconds between two actors where those before could not begin."""
OPENING = -1
"""In place of a block's number."""
GONE = (exceptions.RayActorError, exceptions.WorkerCrashedError, exceptions.NodeDiedError, exceptions.ObjectLostError,
        exceptions.OutOfMemoryError)  # fmt: skip
"""What Ray says of an actor that is not there any more, whatever ended it."""


ACTOR: Any = ray.remote(BlockActor)
"""The class as Ray takes it."""


@dataclass(slots=True, kw_only=True)
class Member:
    """An actor of the pool, as this process knows it."""

    handle: Any
    gpus: float
    place: str = ""
    """Node and process; empty until it has opened the run."""
    idle_since: float = 0.0


@dataclass(slots=True, kw_only=True)
class RayWorkers:
    """`Workers` of `runs/workers.py`, by actors of a Ray cluster."""

    run: OpenRun
    stack: ExitStack
    """Leaves the cluster."""
    members: dict[str, Member] = field(default_factory=dict[str, Member])
    made: int = 0
    """Actors that were ever asked for: their names."""
    asked: dict[Any, tuple[str, int]] = field(default_factory=dict[Any, tuple[str, int]])
    """What is awaited: member and block; -1 is its opening."""
    notes: list[str] = field(default_factory=list[str])
    lost_openings: int = 0
    """Actors in a row that ended before they had opened the run."""
    made_again_at: float = 0.0
    """Time of the clock before which no other is asked for after that."""
    why: str = ""
    """What the last of them said."""
    is_joined: bool = False
    inputs: Sequence[Any] = ()
    """Of the unit that is mapped, as are the two that follow."""
    folder: Path = field(default_factory=Path)
    size: int = 1
    """Input rows of a block."""

    def map(self, node: Node, numbers: list[int], inputs: Sequence[Any]) -> Iterator[Answer] | None:
        """Units that ask a server stay in this process: one client keeps the budget, the pace and the replies."""
        uses_weights = self.run.uses_weights(node)
        if not uses_weights and (len(numbers) < 2 or self.run.asks_server(node)):
            return None
        return self._map(node, numbers, inputs, uses_weights=uses_weights)

    def release(self) -> None:
        for name in list(self.members):
            self._end(name)

    def _map(self, node: Node, numbers: list[int], inputs: Sequence[Any], *, uses_weights: bool) -> Iterator[Answer]:
        plan = self.run.machine.runner
        if not self.is_joined:
            self.stack.enter_context(joined(plan, self.run.machine.workers))
            self.stack.callback(self.release)
            self.is_joined = True
        unit = cast(RowStage, node.unit)
        self.inputs, self.folder, self.size = inputs, self.run.place(node.ref), unit.block_size()
        queue = BlockQueue(waiting=deque(numbers), ahead=plan.ahead, tries=plan.tries)
        gpus = gpus_wanted(plan.gpus, self.run.compute.device) if uses_weights else 0.0
        for name in [name for name, one in self.members.items() if one.gpus < gpus]:
            self._end(name)
        try:
            yield from self._until_done(queue, node.ref, gpus)
        except WorkersLostError as error:
            raise WorkersLostError(
                f"{node.ref}: {error}. Finished blocks are kept: run the same command again"
            ) from error
        finally:
            if queue.left:
                self.release()
        self._require_seen(node.ref, numbers)

    def _until_done(self, queue: BlockQueue, ref: str, gpus: float) -> Iterator[Answer]:
        opened_at, is_told = time.monotonic(), False
        while queue.left:
            self._resize(queue, gpus)
            self._hand_out(queue, ref)
            now = time.monotonic()
            opened_at = now if any(one.place for one in self.members.values()) else opened_at
            if now - opened_at > self.run.machine.runner.patience_s:
                raise WorkersLostError(f"Ray has started no actor for {now - opened_at:.0f} s (runner.patience_s): "
                                       f"{room_words(self.run.machine.runner.cpus, gpus)}{self.why}")  # fmt: skip
            if now - opened_at > TOLD_AFTER_S and not is_told:
                is_told = True
                self.notes.append(f"no actor has opened the run yet: {room_words(self.run.machine.runner.cpus, gpus)}")
            if not self.asked:
                time.sleep(TICK_S)
            ready, _ = ray.wait(list(self.asked), num_returns=1, timeout=TICK_S) if self.asked else ((), ())
            for one in ready:
                yield from self._heard(one, queue)
            if self.notes:
                yield Answer(Done(-1, 0, 0.0), tuple(self.notes), "")
                self.notes.clear()

    def _resize(self, queue: BlockQueue, gpus: float) -> None:
        """Ask for actors, or end idle ones, as blocks are left and nodes have room."""
        plan = self.run.machine.runner
        wanted = wanted_workers(plan.least, plan.most, rooms(plan.cpus, gpus), queue.left)
        is_early = time.monotonic() < self.made_again_at
        for _ in range(0 if is_early else wanted - len(self.members)):
            self.made += 1
            name = f"actor {self.made}"
            handle = ACTOR.options(
                num_cpus=plan.cpus, num_gpus=gpus, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD"
            ).remote(self._shared())
            self.members[name] = Member(handle=handle, gpus=gpus)
            self.asked[handle.open.remote()] = (name, OPENING)
        if not queue.waiting:
            idle = [(name, one.idle_since) for name, one in self.members.items() if one.place and queue.is_idle(name)]
            for name in surplus_workers(idle, len(self.members), plan.least, time.monotonic(), plan.idle_s):
                self._end(name)

    def _shared(self) -> Shared:
        run = self.run
        plain = {**plain_of(run.recipe), "machine": unstructure(run.machine)}
        return Shared(
            plain=plain, root=str(run.root), out=str(run.out or ""), folder=os.getcwd(),
            writer=(run.root / LOCK).read_text(encoding="utf-8"), seen_s=run.machine.runner.seen_s,
        )  # fmt: skip

    def _hand_out(self, queue: BlockQueue, ref: str) -> None:
        """Blocks to members that have opened the run: none waits behind an actor that has no node yet."""
        opened = {name: one for name, one in self.members.items() if one.place}
        # One each before any has a second.
        for _ in range(1 + queue.ahead):
            for name, one in opened.items():
                number = queue.take(name, len(opened))
                if number is not None:
                    self.asked[one.handle.do.remote(ref, number, len(self.inputs))] = (name, number)

    def _heard(self, answer: Any, queue: BlockQueue) -> Iterator[Answer]:  # noqa: ANN401
        """What came of an opening or of a block."""
        name, number = self.asked.pop(answer)
        try:
            value: Any = ray.get(answer)
        except exceptions.RayTaskError as error:
            raise _cause(error) from error
        except GONE as error:
            yield from self._lost(name, queue, error)
            return
        member = self.members[name]
        member.idle_since = time.monotonic()
        if number == OPENING:
            member.place, versions = value
            require_same_versions(member.place, versions)
            self.lost_openings, self.why = 0, ""
            return
        queue.finish(name, number)
        yield value

    def _lost(self, name: str, queue: BlockQueue, error: exceptions.RayError) -> Iterator[Answer]:
        """An actor is gone, or cannot be reached: it is ended, lest it go on unseen, and its blocks wait again."""
        place, why = self.members[name].place, _one_line(error)
        self._end(name)
        if not place:
            self._require_beginning(error)
            return
        written = queue.lose(name, lambda number: shard_path(self.folder, number).is_file(), f"{place}: {why}")
        self.notes.append(f"warning, {place} is lost ({why}); what it had not finished is done by others")
        for number in written:
            yield Answer(Done(number, len(block_of(self.inputs, number, self.size)), 0.0), (), "")

    def _require_beginning(self, error: exceptions.RayError) -> None:
        """WorkersLostError where one actor after the other cannot be made; after any other fault, wait a little."""
        plan = self.run.machine.runner
        self.lost_openings += 1
        self.made_again_at = time.monotonic() + min(MOST_WAIT_S, 2.0**self.lost_openings)
        self.why = f", and the last one said: {_one_line(error)}"
        is_their_own = isinstance(error, exceptions.RayActorError) and error.actor_init_failed
        if is_their_own and self.lost_openings >= plan.tries:
            raise WorkersLostError(f"{self.lost_openings} actors one after the other could not be made{self.why}. Is "
                                   "seewhy installed on every node, in the same Python?")  # fmt: skip

    def _end(self, name: str) -> None:
        # Ray has an error for an actor that it has not placed yet, or has given up itself.
        with suppress(exceptions.RayError):
            ray.kill(self.members.pop(name).handle, no_restart=True)
        self.asked = {one: asked for one, asked in self.asked.items() if asked[0] != name}

    def _require_seen(self, ref: str, numbers: list[int]) -> None:
        """ValueError where blocks that actors have written do not appear in the run's directory."""
        unseen: list[int] = []

        def sees_all() -> bool:
            noted = {path.stem for path in (self.folder / BLOCKS).glob("*.json")}
            there = set(shard_numbers(self.folder))
            unseen[:] = [number for number in numbers if number not in there or f"{number:05d}" not in noted]
            return not unseen

        if not comes_true(sees_all, self.run.machine.runner.seen_s):
            raise ValueError(
                f"{ref}: {len(unseen)} blocks were made, and {self.folder} does not show them, such as "
                f"{shard_path(self.folder, unseen[0]).name}: the run's directory must be on storage that nodes share"
            )


def _cause(error: exceptions.RayTaskError) -> Exception:
    """What a stage raised, as it would have in this process."""
    cause = error.cause
    return cause if isinstance(cause, Exception) else ValueError(_one_line(error))


def _one_line(error: Exception) -> str:
    """The last line of what Ray says, without its guesses: the first ones are a trace of its own."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].partition(" Some common causes")[0].rstrip(".") if lines else type(error).__name__

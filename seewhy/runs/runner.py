"""Runs the steps of a recipe, or one stage over files: unit by unit, and yields what happens."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seewhy.records.files import write_text_atomically
from seewhy.records.lineage import MANIFEST, read_manifest
from seewhy.records.step_logs import read_steps
from seewhy.records.types import StepLog
from seewhy.runs.api import PageStage, RowStage, TrainStage
from seewhy.runs.blocks import BlockWorker, block_of, count_blocks, missing_blocks, sum_blocks
from seewhy.runs.cards import CARD, HasCard
from seewhy.runs.changes import require_unchanged, sections_of, status_of, steps_to_do
from seewhy.runs.conclusion import conclusions
from seewhy.runs.discovery import call_part
from seewhy.runs.events import Advanced, Began, Ended, Event, Noted, Stepped, renamed
from seewhy.runs.fingerprints import StepSpec, page_spec, sources_of, spec_of, write_spec
from seewhy.runs.graph import Node, check
from seewhy.runs.hooks import NothingLeftError, OnceAUnit
from seewhy.runs.machine import Machine
from seewhy.runs.models import ProcessModels
from seewhy.runs.open import ALL, Extent, nodes_within, require_machine, require_own, require_steps, write_recipe
from seewhy.runs.preflight import look_ahead
from seewhy.runs.processes import OneProcess, Processes, processes_here, writing_in
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import stage_name
from seewhy.runs.reuse import Reuse
from seewhy.runs.run import OpenRun
from seewhy.runs.tracking import tracked
from seewhy.runs.unit_folder import clear_stale, is_finished, write_finished
from seewhy.runs.workers import Workers, workers_of
from seewhy.training.monitor.alarms import AlarmDetector

STEPS = "steps.jsonl"


@dataclass(slots=True, kw_only=True)
class Runner:
    """One call of a run: its models, its worker processes, what it may take from other runs."""

    run: OpenRun
    command: str
    """For manifests: the words of the command line."""
    reuse: Sequence[Reuse] = ()
    processes: Processes = field(default_factory=OneProcess)
    """Those that run these units together: they share trainings, and blocks of rows that a local model maps."""
    models: ProcessModels = field(init=False)
    specs: dict[str, StepSpec] = field(default_factory=dict[str, StepSpec])
    """What each unit that was begun follows from, as it was then; of the process that writes."""
    notes: list[str] = field(default_factory=list[str])
    empty: dict[str, NothingLeftError] = field(default_factory=dict[str, NothingLeftError])
    """Units that kept nothing, and those that follow from them."""
    stack: ExitStack = field(default_factory=ExitStack)
    workers: Workers = field(init=False)

    def __post_init__(self) -> None:
        """Make what models need; nothing is opened yet."""
        self.models = ProcessModels(run=self.run, note=self.notes.append)
        self.workers = workers_of(self.run, self.stack)

    def go(self, nodes: Sequence[Node]) -> Iterator[Event]:
        """Run these units in order; what is finished is found."""
        with self.stack:
            self.stack.enter_context(self.models)
            steps = list(dict.fromkeys(node.step for node in nodes))
            for node in nodes:
                if self._is_without(node):
                    continue
                try:
                    for event in self._unit(node, steps.index(node.step) + 1, len(steps)):
                        yield from self._noted(node.ref)
                        yield event
                except NothingLeftError as error:
                    self.empty[node.ref] = error
                    self.notes.append(f"{error}. What does not follow from it goes on")
                yield from self._noted(node.ref)
            yield from conclusions(self.run, steps, is_anew=bool(self.specs))
        if self.empty:
            raise next(iter(self.empty.values()))

    def _is_without(self, node: Node) -> bool:
        """Whether a unit follows from one that kept nothing."""
        behind = next((ref for ref in self.run.reads(node).values() if ref in self.empty), None)
        if node.ref in self.empty or behind is None:
            return False
        self.empty[node.ref] = self.empty[behind]
        return True

    def _noted(self, ref: str) -> Iterator[Event]:
        while self.notes:
            yield Noted(ref=ref, text=self.notes.pop(0))

    def _unit(self, node: Node, number: int, of: int) -> Iterator[Event]:
        self._require_inputs(node)
        unit = node.unit
        if isinstance(unit, PageStage):
            if self.processes.is_first:
                yield from self._write_page(node, unit, number, of)
            self.processes.meet()
            return
        folder = self.run.place(node.ref)
        if self.processes.broadcast(lambda: self._is_there(node, folder)):
            manifest = read_manifest(folder)
            name = unit.unit if isinstance(unit, RowStage) else "steps"
            yield Ended(ref=node.ref, seconds=0.0, rows=manifest.counts.get("inputs", 0), unit=name, is_found=True)
            return
        if isinstance(unit, RowStage):
            yield from self._map_rows(node, unit, folder, number, of)
        else:
            yield from self._train(node, unit, folder, number, of)
        self.processes.meet()

    def _is_there(self, node: Node, folder: Path) -> bool:
        """Whether a unit is finished, here or in a run that is reused; else its folder is made ready for it."""
        spec = spec_of(self.run, node)
        if is_finished(folder, spec) or any(one.take(node, spec, folder) for one in self.reuse):
            return True
        clear_stale(folder, spec)
        write_spec(folder, spec, sources_of(self.run, node))
        self.specs[node.ref] = spec
        return False

    def _require_inputs(self, node: Node) -> None:
        for need, ref in self.run.reads(node).items():
            if ref in self.run.nodes and not self.run.is_done(ref):
                raise ValueError(f"step {node.step}, field {need}: {ref} is not finished; run it first, "
                                 f"with --only {self.run.nodes[ref].step} or from the beginning")  # fmt: skip

    def _map_rows(self, node: Node, unit: RowStage, folder: Path, number: int, of: int) -> Iterator[Event]:
        started = time.perf_counter()
        inputs, size = unit.inputs(self.run), unit.block_size()
        total, blocks = len(inputs), count_blocks(len(inputs), size)
        missing = self.processes.broadcast(lambda: missing_blocks(folder, blocks))
        done = total - sum(len(block_of(range(total), n, size)) for n in missing)
        yield Began(ref=node.ref, step=node.step, number=number, of=of, total=total, unit=unit.unit, done=done)
        yield from self._work(node, unit, inputs, missing)
        self.processes.meet()
        if not self.processes.is_first:
            return
        sums = sum_blocks(folder)
        message = unit.settle(self.run, sums.counts)
        if message:
            self.notes.append(message)
        counts = {**sums.counts, "inputs": total, "rows": sums.rows}
        if isinstance(unit, HasCard):
            write_text_atomically(folder / CARD, unit.card(counts))
        write_finished(folder, self.command, self.specs[node.ref], counts, sums.seconds, sums.dollars)
        seconds = time.perf_counter() - started
        yield Ended(ref=node.ref, seconds=seconds, rows=total - done, unit=unit.unit)

    def _work(self, node: Node, unit: RowStage, inputs: Sequence[Any], missing: list[int]) -> Iterator[Event]:
        if not self.processes.is_alone and not self.run.machine.runner.is_ray:
            yield from self._work_together(node, unit, inputs, missing)
            return
        if not missing or not self.processes.is_first:
            return
        answers = self.workers.map(node, missing, inputs)
        if answers is None:
            worker = BlockWorker.of(unit, inputs, self.run, self.run.place(node.ref), self.models)
            for block in missing:
                made = worker.do(block)
                yield Advanced(ref=node.ref, count=made.inputs, spent=self.models.spent)
            return
        is_said = False
        for answer in answers:
            self.notes += [note for note in answer.notes if not (is_said and isinstance(note, OnceAUnit))]
            is_said = is_said or any(isinstance(note, OnceAUnit) for note in answer.notes)
            yield Advanced(ref=node.ref, count=answer.done.inputs, spent=answer.spent)

    def _work_together(self, node: Node, unit: RowStage, inputs: Sequence[Any], missing: list[int]) -> Iterator[Event]:
        """Each process takes the next block that is not taken; without a local model the first takes all."""
        if not missing or not (self.processes.is_first or self.run.uses_weights(node)):
            return
        worker, seen = BlockWorker.of(unit, inputs, self.run, self.run.place(node.ref), self.models), 0
        while (place := self.processes.add(f"{node.ref}/taken", 1) - 1) < len(missing):
            made = worker.do(missing[place])
            done = self.processes.add(f"{node.ref}/done", made.inputs)
            yield Advanced(ref=node.ref, count=done - seen, spent=self.models.spent)
            seen = done

    def _train(self, node: Node, unit: TrainStage, folder: Path, number: int, of: int) -> Iterator[Event]:
        started, steps, detector = time.perf_counter(), 0, AlarmDetector()
        self.workers.release()
        call_part("runs", "threads", "limit_threads", self.run.machine.threads)
        for log in tracked(self.run, node.ref, unit.train(self.run, self.models, folder), self.processes):
            total = int(log.terms["steps"])
            if not steps:
                yield Began(
                    ref=node.ref, step=node.step, number=number, of=of, total=total, unit="steps", done=log.step
                )
                yield from _rung(node.ref, detector, read_steps(folder / STEPS)[: log.step])
            yield from _rung(node.ref, detector, [log])
            steps += 1
            yield Stepped(ref=node.ref, log=log, total=total)
        logs = read_steps(folder / STEPS)
        if not steps:
            yield from _rung(node.ref, detector, logs)
        counts = {"steps": len(logs), "inputs": len(logs), "rows": int(sum(log.terms["rows"] for log in logs))}
        self.processes.meet()  # Another one may still be removing what it alone needed.
        if self.processes.is_first:
            write_finished(folder, self.command, self.specs[node.ref], counts, sum(log.seconds for log in logs), 0.0)
        self.models.close_models()
        yield Ended(ref=node.ref, seconds=time.perf_counter() - started, rows=steps, unit="steps")

    def _write_page(self, node: Node, unit: PageStage, number: int, of: int) -> Iterator[Event]:
        started, folder = time.perf_counter(), self.run.place(node.ref)
        finished = [name for name in self.run.recipe.steps if name != node.step and self._is_finished_step(name)]
        spec = page_spec(self.run, node, finished)
        if is_finished(folder, spec):
            yield Ended(ref=node.ref, seconds=0.0, rows=1, unit="pages", is_found=True)
            for name in read_manifest(folder).files:
                yield Noted(ref=node.ref, text=f"{node.step}: {folder / name}")
            return
        yield Began(ref=node.ref, step=node.step, number=number, of=of, total=None, unit="pages")
        (folder / MANIFEST).unlink(missing_ok=True)
        whole = [name for name in finished if self.run.recipe.steps[name].shows_parts or
                 all(map(self.run.is_done, self.run.units_of(name)))]  # fmt: skip
        sections = sections_of(self.run, whole if unit.shows_steps else ())
        for path in unit.write(self.run, folder, sections):
            yield Noted(ref=node.ref, text=f"{node.step}: {path}")
        seconds = time.perf_counter() - started
        write_finished(folder, self.command, spec, {"inputs": 1, "rows": 1}, seconds, 0.0)
        yield Ended(ref=node.ref, seconds=seconds, rows=1, unit="pages")

    def _is_finished_step(self, name: str) -> bool:
        """Whether nothing of a step is missing but what follows from a unit that kept nothing."""
        units = self.run.units_of(name)
        return all(self.run.is_done(ref) or ref in self.empty for ref in units) and any(map(self.run.is_done, units))


def _rung(ref: str, detector: AlarmDetector, logs: Sequence[StepLog]) -> Iterator[Noted]:
    """A warning for each alarm that these steps ring first."""
    for log in logs:
        for alarm in detector.take(log):
            yield Noted(ref=ref, text=f"warning, {alarm.summary}")


def run_recipe(
    root: Path, recipe: Recipe, machine: Machine, extent: Extent = ALL, command: str = ""
) -> Iterator[Event]:
    """Run steps of a recipe in a directory, and yield what happens; a run that is there goes on.

    Args:
        root: the run's directory, made where it is not there.
        recipe, machine: what is run, and where; `find_recipe` gives both.
        extent: which steps; all of them unless it says so.
        command: how the run is gone on with, for messages.

    Raises:
        ValueError: the recipe does not hold together, another process writes there, or finished steps would be lost.
    """
    check(recipe)
    run = OpenRun(root=root.resolve(), recipe=recipe, machine=machine)
    require_steps(recipe, steps_to_do(run, status := status_of(run)))
    processes = processes_here()
    with writing_in(root, processes):
        nodes = nodes_within(run, extent)
        require_machine(run, nodes)
        reuse = tuple(Reuse(path.resolve()) for path in extent.reuse)
        if processes.is_first:
            if not extent.remake:
                require_unchanged(run, nodes, status)
            write_recipe(run)
        processes.meet()
        if processes.is_first and extent.preflight:
            yield from (Noted(ref=nodes[0].ref, text=said) for said in look_ahead(run, nodes))
        yield from _of_first(Runner(run=run, command=command, reuse=reuse, processes=processes), nodes)


def run_step(root: Path, recipe: Recipe, machine: Machine, out: Path, command: str) -> Iterator[Event]:
    """Run the only step of a recipe, with its rows or its model in `out`; its events have the name of the stage.

    Raises:
        ValueError: as `run_recipe`, or `out` holds files that are not of this stage.
    """
    check(recipe)
    require_steps(recipe)
    run = OpenRun(root=root.resolve(), recipe=recipe, machine=machine, out=out.resolve())
    nodes = list(run.nodes.values())
    processes = processes_here()
    if processes.is_first:
        require_own(run, out)
    require_machine(run, nodes)
    step, stage = nodes[0].step, stage_name(recipe.steps[nodes[0].step])
    if processes.is_first:
        yield from (Noted(ref=stage, text=said) for said in look_ahead(run, nodes))
    with writing_in(root, processes):
        processes.meet()
        for event in _of_first(Runner(run=run, command=command, processes=processes), nodes):
            yield renamed(event, step, stage)


def _of_first(runner: Runner, nodes: Sequence[Node]) -> Iterator[Event]:
    """The events of the first process; the others do their share in silence."""
    with runner.processes.naming_loss():
        yield from (event for event in runner.go(nodes) if runner.processes.is_first)

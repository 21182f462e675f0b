"""The forecast of a run: memory, steps, time, disk and money of each unit, as data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seewhy.endpoints.accounting.estimate import StageCost
from seewhy.records.types import Question, Style
from seewhy.runs.api import ModelKind, PageStage, RowStage
from seewhy.runs.discovery import load_part
from seewhy.runs.forecast.api import ModelWork, StageForecast, TrainingWork
from seewhy.runs.forecast.outlook import RunOutlook, outlook_on
from seewhy.runs.forecast.prices import RunCost, price_nodes
from seewhy.runs.forecast.room import MIB, machine_mb, resident_bytes
from seewhy.runs.graph import check, resolve
from seewhy.runs.machine import Machine
from seewhy.runs.open import require_steps
from seewhy.runs.recipe import Recipe
from seewhy.runs.run import OpenRun

ASKED = (Style.DIRECT, Style.REASON)
"""Prompts that stages draw and measure; others come with rows from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitForecast:
    """One line of the forecast; None is what does not apply or is not known."""

    ref: str
    step: str
    stage: StageForecast
    is_finished: bool
    model: str = ""
    """The model of the recipe that it works with, itself or trained."""
    training: Any = None
    """`TrainingForecast` of `runs/forecast/local.py`."""
    seconds: float | None = None
    disk_mb: float = 0.0
    cost: StageCost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunForecast:
    """All that is known of a run before it runs, and what it rests on."""

    recipe: Recipe
    machine_mb: float
    """Memory that is available now."""
    base_mb: float
    """What the process holds without any model."""
    models: tuple[Any, ...]
    """`LocalModel` of `runs/forecast/local.py`, one for each that works."""
    lengths: tuple[Any, ...]
    """`Lengths` of the prompts of every unit of questions, in each style."""
    questions: int
    """Questions that were looked at."""
    units: tuple[UnitForecast, ...]
    cost: RunCost

    @property
    def seconds(self) -> float:
        """Of the units whose time is known."""
        return sum(one.seconds or 0.0 for one in self.units)

    @property
    def disk_mb(self) -> float:
        """Of all units."""
        return sum(one.disk_mb for one in self.units)


def forecast_run(root: Path, recipe: Recipe, machine: Machine) -> RunForecast:
    """The forecast of a recipe, with the rows that are finished in `root`; nothing is written there.

    Raises:
        ValueError: the recipe does not hold together; a model, a benchmark or its questions cannot be opened; or no
            sampled prompt of a training can be encoded.
    """
    check(recipe)
    require_steps(recipe)
    run = OpenRun(root=root.resolve(), recipe=recipe, machine=machine)
    with outlook_on(run) as outlook:
        return Forecasting(outlook).forecast()


class Forecasting:
    """One forecast while it is made: what all units say, and the models that they work with."""

    def __init__(self, outlook: RunOutlook) -> None:
        self.outlook, self.run = outlook, outlook.run
        nodes = [node for node in self.run.nodes.values() if not isinstance(node.unit, PageStage)]
        self.stages = {node.ref: outlook.forecast(node.ref) for node in nodes}
        self.steps = {node.ref: node.step for node in nodes}
        self.base = 0
        self.models = self._open()

    def forecast(self) -> RunForecast:
        """All figures, in the order in which they depend on each other."""
        lengths, asked = list(self._lengths()), self._questions()
        self._warm()
        self.base, room = resident_bytes(), machine_mb()
        for name, model in self.models.items():
            model.measure(next(self._trainings(name), None), next(self._drawn(name), None), room)
        cost = price_nodes(self.outlook, list(self.run.nodes.values()))
        costs = {one.ref: one.cost for one in cost.units}
        units = tuple(self._unit(ref, stage, costs.get(ref)) for ref, stage in self.stages.items())
        return RunForecast(
            recipe=self.run.recipe, machine_mb=room, base_mb=self.base / MIB, models=tuple(self.models.values()),
            lengths=tuple(lengths), questions=sum(map(len, asked.values())), units=units, cost=cost,
        )  # fmt: skip

    def start_of(self, ref: str) -> str:
        """The model of the recipe from which a model follows, itself included; empty where there is none."""
        found = resolve(self.run.recipe, ref, self.run.nodes)
        while found in self.run.nodes:
            needs = [need.ref for need in self.run.nodes[found].unit.needs() if need.wants is ModelKind.WEIGHTS]
            found = resolve(self.run.recipe, needs[0], self.run.nodes) if needs else ""
        return found

    def _open(self) -> Mapping[str, Any]:
        """The models that anything works with, without weights; nothing is loaded where there are none."""
        used = dict.fromkeys(
            self.start_of(ref) for stage in self.stages.values() for ref in _models_of(stage) if self.start_of(ref)
        )
        found = {name: self.run.spec(name) for name in used}
        specs = {name: spec for name, spec in found.items() if spec is not None}
        if not specs:
            return {}
        kind = load_part("runs", "forecast.local").LocalModel
        return {
            name: kind.open(name, spec, self.run.compute, self.run.machine.prompts_mib) for name, spec in specs.items()
        }

    def _questions(self) -> dict[str, Sequence[Question]]:
        """Sampled questions of every unit that makes some and is read or not."""
        refs = [ref for ref in self.stages if _makes_questions(self.run, ref)]
        return {ref: self.outlook.rows(ref, Question) for ref in refs}

    def _lengths(self) -> Iterator[Any]:
        for model in list(self.models.values())[:1]:
            for ref, questions in self._questions().items():
                for style in ASKED:
                    found = model.lengths(ref, questions, style)
                    if found is not None:
                        yield found

    def _warm(self) -> None:
        for name, model in self.models.items():
            for work in list(self._trainings(name))[:1]:
                model.warm(work)

    def _trainings(self, name: str) -> Iterator[TrainingWork]:
        found = (stage.training for stage in self.stages.values())
        return (work for work in found if work is not None and self.start_of(work.start) == name)

    def _drawn(self, name: str) -> Iterator[ModelWork]:
        found = [work for stage in self.stages.values() for work in stage.work if work.is_drawn]
        # Those with most chains a prompt first: they take most of a run's time.
        ordered = sorted(found, key=lambda work: -work.per_prompt)
        return (work for work in ordered if self.start_of(work.model) == name)

    def _unit(self, ref: str, stage: StageForecast, cost: StageCost | None) -> UnitForecast:
        if self.outlook.is_there(ref):
            return UnitForecast(ref=ref, step=self.steps[ref], stage=stage, is_finished=True, seconds=0.0)
        starts = [self.models[name] for name in map(self.start_of, _models_of(stage)) if name in self.models]
        works = [(self.models[self.start_of(work.model)], work) for work in stage.work]
        training = starts[0].train(stage.training, self.base) if stage.training else None
        times = [model.seconds_of(work) for model, work in works]
        if training is not None:
            times.append(training.seconds)
        if stage.is_tried and stage.rows is not None:
            self._try(ref)
            times.append(stage.rows * self.outlook.seconds.get(ref, 0.0))
        known = [time for time in times if time is not None]
        return UnitForecast(
            ref=ref, step=self.steps[ref], stage=stage, is_finished=False, model=starts[0].name if starts else "",
            training=training, seconds=sum(known) if known and len(known) == len(times) else None, cost=cost,
            disk_mb=stage.disk_bytes / MIB + sum(model.disk_of(work) for model, work in works)
            + (training.disk_mb if training is not None else 0.0),
        )  # fmt: skip

    def _try(self, ref: str) -> None:
        """Make the expected rows of a unit, unless another unit has asked for them."""
        unit = self.run.nodes[ref].unit
        if isinstance(unit, RowStage):
            self.outlook.rows(ref, unit.rows)


def _models_of(stage: StageForecast) -> list[str]:
    own = [stage.training.start] if stage.training else []
    return [*own, *(work.model for work in stage.work)]


def _makes_questions(run: OpenRun, ref: str) -> bool:
    unit = run.nodes[ref].unit
    return isinstance(unit, RowStage) and unit.rows is Question

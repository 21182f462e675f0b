"""A model trained on SFT examples or on pairs, by an objective."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

from seewhy.model.api import ScoreRequest
from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.records.marks import RARE
from seewhy.records.ranked import RankedGroup
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Lesson, Pair, Question, ReferenceRow, Response, StepLog, Style
from seewhy.report.inputs import Count, Section, TrainingRun
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run, TrainStage
from seewhy.runs.choice import Choice, Layer, Model, Names, Rows, make
from seewhy.runs.discovery import constant_of, load_part
from seewhy.runs.forecast.api import Outlook, StageForecast, TrainingWork
from seewhy.stages.reference import (
    Reference,
    expected_pairs,
    pairs_in,
    question_needs,
    questions_behind,
    responses_of,
    trained_prompts,
)
from seewhy.stages.vary_pictures import Varied
from seewhy.training.monitor.alarms import alarms_of
from seewhy.training.plan import LOSS, FitPlan, ValidationPlan

LESSONS = "lessons"
ROLLOUTS = "rollouts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Train(TrainStage):
    """Trains the weights of a model, or an adapter; the trained model is whole under `model`."""

    start: Model
    """The model that is trained: of the recipe, or of a step before."""
    data: Annotated[Mapping[str, float], Names("rows")]
    """Rows that are trained on, each with its weight: SFT examples, or pairs and ranked groups, by the objective."""
    objective: Annotated[Choice, Layer("objectives")]
    """The loss: `sft` on SFT examples; `dpo`, `mpo`, `bco`, `ipo`, ... on pairs."""
    fit: FitPlan
    """How the weights move."""
    adapter: AdapterPlan = field(default_factory=AdapterPlan)
    """LoRA; rank 0 trains the weights themselves."""
    questions: Rows = ""
    """Rows of the questions of its data; empty takes those from which the data follow."""
    reference: Rows = ""
    """A step of stage `reference` with the same pairs and start, to share it; empty computes its own rows."""
    pictures: Rows = field(default="", metadata=RARE)
    """A step of stage `vary_pictures`, for objectives that compare pictures; empty draws its own: crops that keep 0 to
    20 % of each picture."""
    stored_by: str = field(default="", metadata=RARE)
    """The model whose log-probabilities the pairs hold, as of stage `reference`."""
    streams: Mapping[str, float] = field(default_factory=dict[str, float], metadata=RARE)
    """Weights of rows that name a stream of their own, by its name, times those of `data`; empty weighs all alike."""

    validation: Annotated[Mapping[str, float], Names("rows")] = field(default_factory=dict[str, float], metadata=RARE)
    """Rows of other questions whose loss is logged while it trains, each with its weight; of the kind of `data`."""
    validate: ValidationPlan = field(default_factory=ValidationPlan, metadata=RARE)
    """When they are looked at, and whether they choose what is kept and when the training ends."""

    def __post_init__(self) -> None:
        """Refuse a training without data, and weights that are none."""
        if not self.data:
            raise ValueError("data names no rows")
        if constant_of("objectives", self.objective.kind, "trains_on", "pairs") == ROLLOUTS:
            raise ValueError(
                f"objective {self.objective.kind} trains on rollouts: use stage `online`, which draws them"
            )
        _require_weights(self.data, "data")
        _require_weights(self.streams, "streams")
        _require_weights(self.validation, "validation")
        if not self.validation and (self.validate.keep_best or self.validate.patience):
            name = "keep_best" if self.validate.keep_best else "patience"
            raise ValueError(f"validate.{name} looks at held-out rows, and `validation` names none: name them, or "
                             "leave it away")  # fmt: skip
        if self.validate.by != LOSS and self.is_imitation:
            raise ValueError(f"validate.by {self.validate.by} is of pairs, and {self.objective.kind} takes none; "
                             "leave it at loss")  # fmt: skip
        if self.reference and not self.has_reference:
            raise ValueError(f"reference: objective {self.objective.kind} reads none; leave it away")
        if self.stored_by and (self.reference or not self.has_reference or self.compares_pictures):
            why = ("`reference` names the rows that are read" if self.reference else f"objective {self.objective.kind} "
                   f"{'compares pictures' if self.has_reference else 'reads no reference'}")  # fmt: skip
            raise ValueError(f"stored_by is not read, because {why}: leave it away")
        if self.pictures and not self.compares_pictures:
            raise ValueError(f"pictures: objective {self.objective.kind} compares none; leave it away")

    @property
    def is_imitation(self) -> bool:
        """Whether the objective takes SFT examples and no pairs."""
        return constant_of("objectives", self.objective.kind, "trains_on", "pairs") == LESSONS

    @property
    def has_reference(self) -> bool:
        """Whether the objective reads a reference."""
        return not self.is_imitation and bool(constant_of("objectives", self.objective.kind, "needs_reference", True))

    @property
    def compares_pictures(self) -> bool:
        """Whether the objective compares a question's pictures with varied ones."""
        return bool(constant_of("objectives", self.objective.kind, "compares_pictures", False))

    @property
    def read(self) -> tuple[str, ...]:
        """Rows that are trained on, then those that are looked at."""
        return tuple(dict.fromkeys([*self.data, *self.validation]))

    def units(self, name: str) -> Mapping[str, RowStage | TrainStage]:
        found: dict[str, RowStage | TrainStage] = {}
        step = self
        if self.compares_pictures and not self.pictures:
            step = replace(step, pictures=f"{name}.pictures")
            found["pictures"] = Varied(own=step.pictures, pairs=self.read, questions=self.questions,
                                       seed=self.fit.seed)  # fmt: skip
        if self.has_reference and not self.reference:
            found["reference"] = Reference(
                model=self.start, pairs=self.read, questions=self.questions, keep_tokens=self.fit.keep_tokens,
                row_tokens=self.fit.row_tokens, adapter=self.adapter, pictures=step.pictures,
                stored_by=self.stored_by,
            )  # fmt: skip
            step = replace(step, reference=f"{name}.reference")
        return {**found, "": step}

    def needs(self) -> Sequence[Need]:
        wants = Lesson if self.is_imitation else Pair
        also = None if self.is_imitation else RankedGroup
        found = [Need(field=f"data.{ref}", ref=ref, wants=wants, also=also) for ref in self.data]
        found.append(Need(field="start", ref=self.start, wants=ModelKind.WEIGHTS))
        found += [Need(field=f"validation.{ref}", ref=ref, wants=wants, also=also) for ref in self.validation]
        found += question_needs(self.read, self.questions)
        if self.reference:
            found.append(Need(field="reference", ref=self.reference, wants=ReferenceRow))
        if self.pictures:
            found.append(Need(field="pictures", ref=self.pictures, wants=Question))
        return found

    def made(self) -> Any:  # noqa: ANN401
        """The objective; ValueError where it refuses a setting."""
        return make(self.objective, "objectives", "objective")

    def require(self, compute: ComputePlan) -> None:
        compute.require_adapter(self.adapter)
        objective = self.made()
        if not hasattr(objective, "name") or not objective.name:
            raise ValueError(f"objective {self.objective.kind} has no `name`: write it as a field of the class")

    def train(self, run: Run, models: Models, place: Path) -> Iterator[StepLog]:
        fit, questions = load_part("training", "fit"), questions_behind(run, self.read, self.questions)
        objective, plan, shard = self.made(), self._plan(run), run.machine.shard
        rows, begun = self._rows(run, "data", self.data)
        model = models.trainable(self.start, place.name, self.adapter)
        store = None
        if self.reference:
            stores = load_part("training", "reference").ReferenceStore
            store = stores.of(model.fingerprint, run.read(self.reference, ReferenceRow))
        asked = {question.id: question for question in questions}
        first = [ScoreRequest(question=asked[row.question_id], style=row.style, responses=responses_of(row))
                 for row in begun]  # fmt: skip
        path = model.settle_path(first)
        if not path.is_packed:
            models.note(path.why)
        held = None
        if self.validation:
            held = load_part("training", "held_out").HeldOut(
                rows=self._rows(run, "validation", self.validation)[0], plan=self.validate
            )
        if self.is_imitation:
            yield from fit.fit_lessons(model, objective, rows, questions, plan, place, run.machine.guard, shard, held)
        else:
            varied = list(run.questions(self.pictures)) if self.pictures else None
            yield from fit.fit_pairs(
                model, objective, rows, questions, store, plan, place, run.machine.guard, varied, shard, held
            )

    def _rows(self, run: Run, place: str, named: Mapping[str, float]) -> tuple[Any, list[Any]]:
        """What is trained on or looked at, read from disk as it is wanted, and its first two rows."""
        readers: dict[str, Any] = {
            ref: run.read(ref, Lesson) if self.is_imitation else pairs_in(run, ref) for ref in named
        }
        for ref, reader in readers.items():
            if not len(reader):
                raise ValueError(f"{place}.{ref}: {run.place(ref)} holds no row to train on; the step that makes its "
                                 "rows says why it kept none")  # fmt: skip
        first = next(iter(readers.values()))
        begun = [first[number] for number in range(min(2, len(first)))]
        if list(named.values()) == [1.0] and not self.streams:
            return first, begun
        names = {ref: "" if len(named) == 1 and self.streams else ref for ref in named}
        streams = load_part("training", "rows")
        return streams.Mixture(weights=self.streams, streams=tuple(
            streams.Stream(name=names[ref], rows=reader, weight=named[ref]) for ref, reader in readers.items()
        )), begun  # fmt: skip

    def _plan(self, run: Run) -> FitPlan:
        return replace(self.fit, save_every=run.machine.save_every or self.fit.save_every)

    def section(self, run: Run, name: str) -> Section | None:
        steps = tuple(read_steps(run.place(name) / "steps.jsonl"))
        alarms = tuple(alarm.summary for alarm in alarms_of(steps))
        return TrainingRun(
            name=name, start=self.start, objective=self.objective.kind, steps=steps, alarms=alarms,
            data=tuple(self._counts(run)), keep_tokens=self.fit.keep_tokens, learning_rate=self.fit.learning_rate,
        ).by_stream()  # fmt: skip

    def _counts(self, run: Run) -> Iterator[Count]:
        """Rows of each reference; SFT examples by style, whose shares are their composition."""
        for ref in self.data:
            if not self.is_imitation:
                pairs: Any = pairs_in(run, ref)
                yield Count(name=ref, count=len(pairs))
                continue
            lessons = run.read(ref, Lesson)
            styles = Counter(style for batch in lessons.batches(("style",)) for style in batch.column(0).to_pylist())
            for style, count in sorted(styles.items()):
                yield Count(name=f"{ref} ({style})" if len(styles) > 1 else ref, count=count)

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        forecasts = [outlook.forecast(ref) for ref in self.data]
        counts = [count for ref in self.data for count in outlook.counts(ref)]
        training = TrainingWork(
            start=self.start, fit=self._plan(run), adapter=self.adapter, counts=counts,
            prompts=trained_prompts(outlook, self.data, self._expected(run, outlook)),
            max_tokens=0 if self.is_imitation else max(one.max_tokens for one in forecasts),
        )  # fmt: skip
        there = [ref for ref in self.data if outlook.is_there(ref)]
        basis = "; ".join("rows of the run" if ref in there else outlook.forecast(ref).basis for ref in self.data)
        return StageForecast(rows=sum(counts), unit="lessons" if self.is_imitation else "pairs", basis=basis,
                             is_exact=all(one.is_exact for one in forecasts), training=training)  # fmt: skip

    def replies(self, run: Run, outlook: Outlook, style: Style) -> Sequence[Response]:
        """Those that it is trained on in this style, as long as they are; else those of the model before it."""
        found = [responses_of(row)[0] for row in self._expected(run, outlook) if row.style is style]
        return found or outlook.replies(self.start, style)

    def _expected(self, run: Run, outlook: Outlook) -> list[Lesson | Pair]:
        if self.is_imitation:
            return [row for ref in self.data for row in outlook.rows(ref, Lesson)]
        return [row for ref in self.data for row in expected_pairs(run, outlook, ref)]


def _require_weights(weights: Mapping[str, float], field: str) -> None:
    for name, weight in weights.items():
        if not (isfinite(weight) and weight > 0):
            raise ValueError(f"{field}.{name}: a weight must be above 0, and is {weight}")

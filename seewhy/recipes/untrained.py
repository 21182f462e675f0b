"""A small vision-language model from random weights, whose vision tower has learned what pictures show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seewhy.records.ranges import require_least, require_seed
from seewhy.records.step_logs import append_step, read_steps
from seewhy.records.types import Question, StepLog
from seewhy.report.inputs import Section, TrainingRun
from seewhy.runs.api import Models, Need, Run, TrainStage
from seewhy.runs.choice import Rows
from seewhy.runs.discovery import load_part
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.training.plan import TowerPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Untrained(TrainStage):
    """A LLaVA that no one has taught a word: vocabulary, random language model, and a tower that sees.

    A LLaVA usually starts from a CLIP tower, and a Llama; where no weights are to be had, the tower learns from the
    things that `scenes` says are in its pictures. A stop makes it begin anew: it is a matter of minutes.
    """

    questions: Rows
    """Rows of questions of `scenes`: their pictures, and the words of the vocabulary."""
    tower: TowerPlan = field(default_factory=TowerPlan)
    """How the tower is trained."""
    tower_width: int = 192
    tower_layers: int = 4
    width: int = 256
    """Of the language model."""
    layers: int = 5
    """Of the language model."""
    words: int = 800
    """Tokens of the vocabulary, bytes among them."""
    pictures: int = 6000
    """Pictures that the tower is taught, at most; the first of the questions."""
    seed: int = 0
    """Seed of the weights."""

    def __post_init__(self) -> None:
        """Refuse a net of nothing."""
        require_least(self, 1, "tower_width", "tower_layers", "width", "layers", "pictures")
        require_least(self, 300, "words")
        require_seed(self)

    def needs(self) -> Sequence[Need]:
        return (Need(field="questions", ref=self.questions, wants=Question),)

    def train(self, run: Run, models: Models, place: Path) -> Iterator[StepLog]:
        make = load_part("recipes", "scene_tower")
        path = place / "steps.jsonl"
        path.unlink(missing_ok=True)
        questions = run.questions(self.questions)
        model = make.untrained(self, questions)
        models.note(make.size_of(model))
        for log in make.taught(self, model, questions):
            append_step(path, log)
            yield log
        load_part("training", "export").export(model, place, self.tower.steps)

    def steps(self, run: Run) -> int | None:
        return self.tower.steps

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        return StageForecast(rows=self.tower.steps, unit="steps", basis="as declared")

    def section(self, run: Run, name: str) -> Section | None:
        steps = tuple(read_steps(run.place(name) / "steps.jsonl"))
        return TrainingRun(name=name, start="random weights", objective="patches", steps=steps, alarms=())

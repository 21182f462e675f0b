"""Loss on rows that are not trained on, while a training runs: the best checkpoint by it, and where to stop."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from seewhy.objectives.api import State
from seewhy.records.by_key import Rows
from seewhy.records.types import StepLog
from seewhy.training.examples import TrainingExample
from seewhy.training.parallel.engine import Engine
from seewhy.training.plan import LOSS, ValidationPlan
from seewhy.training.rows import Mixture
from seewhy.training.step import Run, figures_of_rows
from seewhy.training.table import ExampleTable, tabulate

PREFIX = "val_"
WANTED = ("loss", "accuracy", "margin", "logp", "chosen_logp")
"""Figures of a step that are logged of held-out rows too, where they have them."""
R = TypeVar("R")
Encode = Callable[[R], TrainingExample | None]
Check = Callable[[TrainingExample], object]


def noting(check: Check, asked: set[str]) -> Check:
    """The check, which also adds the question of each example to `asked`."""

    def checked(example: TrainingExample) -> None:
        check(example)
        asked.add(example.question_id)

    return checked


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut(Generic[R]):
    """Rows to look at, and how."""

    rows: Rows[R] | Mixture[R]
    plan: ValidationPlan

    def table(self, encode: Encode[R], check: Check, trained: Set[str]) -> ExampleTable:
        """The rows as examples; ValueError where there is none, or one is of a question that is trained on."""
        asked: set[str] = set()
        table = tabulate(Mixture.of(self.rows), encode, noting(check, asked))
        if not table:
            raise ValueError("validation: there is no row to look at")
        both = sorted(asked & trained)
        if both:
            raise ValueError(
                f"validation: question {both[0]!r} is trained on too, as {len(both)} of its questions are, so their "
                "loss would say nothing; take rows of other questions"
            )
        return table


def look(run: Run, engine: Engine, table: Sequence[TrainingExample], state: State) -> dict[str, float]:
    """Figures of all held-out rows with the weights as they are, by name; nothing is dropped.

    The loss is sum(weight x loss) / sum(weight) over the rows, the rest are means over rows, of all processes.
    """
    sums: dict[str, float] = {}
    counts: dict[str, float] = {}
    size = run.plan.batch_size
    for start in range(0, len(table), size):
        rows = [table[number] for number in range(start, min(start + size, len(table)))]
        found = figures_of_rows(run, engine, rows, state)
        for name in WANTED:
            if name in found:
                count = _weight(rows) if name == LOSS else float(len(rows))
                sums[name] = sums.get(name, 0.0) + found[name] * count
                counts[name] = counts.get(name, 0.0) + count
    return {f"{PREFIX}{name}": value / counts[name] for name, value in sums.items()}


def _weight(rows: Sequence[TrainingExample]) -> float:
    return sum(row.weight for row in rows)


@dataclass(slots=True, kw_only=True)
class Best:
    """What the looks so far say; it follows from the step's logs alone, so a resumed run knows it too."""

    plan: ValidationPlan
    step: int | None = None
    """Steps taken at the best look; None before the first."""
    value: float = 0.0
    since: int = 0
    """Looks after the best one."""

    @classmethod
    def of(cls, plan: ValidationPlan | None, logs: Iterable[StepLog]) -> "Best":
        """What the steps of earlier calls say; without a plan nothing ever is."""
        best = cls(plan=plan or ValidationPlan())
        for log in logs:
            best.take(log.terms, log.step + 1)
        return best

    def follow(self, run: Run, engine: Engine, log: StepLog, state: State) -> tuple[StepLog, bool]:
        """The log with a look where one is due, and whether its weights are to be kept as the best."""
        if run.validation is None or not run.validation.is_due(log.step, len(run.steps)):
            return log, False
        began = time.perf_counter()
        found = look(run, engine, run.held, state)
        if f"{PREFIX}{self.plan.by}" not in found:
            raise ValueError(f"validate.by {self.plan.by}: {run.scoring.objective.name} has no such figure")
        log = replace(log, terms={**log.terms, **found}, seconds=log.seconds + time.perf_counter() - began)
        return log, self.take(log.terms, log.step + 1) and self.plan.keep_best

    def take(self, terms: Mapping[str, float], steps: int) -> bool:
        """Takes in the log of a step after which `steps` were taken; whether it is the best look so far."""
        value = terms.get(f"{PREFIX}{self.plan.by}")
        if value is None:
            return False
        gain = (self.value - value) if self.plan.by == LOSS else (value - self.value)
        if self.step is None or gain > self.plan.least:
            self.step, self.value, self.since = steps, value, 0
            return True
        self.since += 1
        return False

    @property
    def stops(self) -> bool:
        """Whether the training ends here."""
        return 0 < self.plan.patience <= self.since

    @property
    def kept(self) -> int | None:
        """Steps of the checkpoint that must stay, and that is exported."""
        return self.step if self.plan.keep_best else None

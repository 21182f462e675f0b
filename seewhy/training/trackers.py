"""Figures of trainings at experiment trackers, through accelerate's own: `steps.jsonl` has them in any case."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from accelerate.tracking import LOGGER_TYPE_TO_CLASS

from seewhy.records.types import StepLog

PACKAGES = {
    "tensorboard": ("tensorboard", "tensorboardX"), "wandb": ("wandb",), "mlflow": ("mlflow",),
    "swanlab": ("swanlab",), "trackio": ("trackio",),
}  # fmt: skip
"""Of which one must be there; trackers that were registered with accelerate need none that is known here."""


def require_trackers(names: Sequence[str]) -> None:
    """ValueError where there is no such tracker, or its package is not installed."""
    for name in names:
        if name not in LOGGER_TYPE_TO_CLASS:
            known = ", ".join(sorted(set(LOGGER_TYPE_TO_CLASS)))
            raise ValueError(f"machine.report_to names {name!r}; there are {known}")
        packages = PACKAGES.get(name, ())
        if packages and not any(map(find_spec, packages)):
            raise ValueError(f"machine.report_to: {name} needs its package; pip install {packages[0]}")


@dataclass(frozen=True, slots=True)
class Reports:
    """Open trackers of one training."""

    trackers: tuple[Any, ...]

    def log(self, log: StepLog) -> None:
        """The figures of a step, under the step's number."""
        figures = {"loss": log.loss, "learning_rate": log.learning_rate, "seconds": log.seconds, **log.terms}
        for tracker in self.trackers:
            tracker.log(figures, step=log.step)


@contextmanager
def reporting(names: Sequence[str], title: str, folder: Path) -> Generator[Reports]:
    """Trackers of a training called `title`; those that write files write under `folder`."""
    opened: list[Any] = []
    for name in names:
        kind: Any = LOGGER_TYPE_TO_CLASS[name]
        made = kind(title, str(folder)) if kind.requires_logging_directory else kind(title)
        made.start()
        opened.append(made)
    try:
        yield Reports(tuple(opened))
    finally:
        for tracker in opened:
            tracker.finish()

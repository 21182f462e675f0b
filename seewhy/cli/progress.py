"""Live progress of a stage: what is being done, how far, how fast, and how long it will take yet."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from seewhy.records.types import StepLog

Advance = Callable[[int], None]


class RateColumn(ProgressColumn):
    """Things a second."""

    def render(self, task: Task) -> Text:
        """The rate so far, in the unit of the stage."""
        speed = task.finished_speed or task.speed
        unit = str(task.fields["unit"])
        return Text("" if speed is None else f"{speed:,.1f} {unit}/s", style="dim")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Where progress is shown."""

    console: Console

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(text, highlight=False)

    def follow(self, what: str, logs: Iterable[StepLog]) -> None:
        """Take all steps of a training run, with its loss beside the line."""
        with self._progress() as progress:
            task = progress.add_task(f"{what:<34}", total=None, unit="steps", note="")
            for log in logs:
                total = int(log.terms["steps"])
                if not self.console.is_terminal and log.step == 0:
                    self.say(f"{what}: {total:,} steps")
                progress.update(task, total=total, completed=log.step + 1, note=f"loss {log.loss:.3f}")

    def _progress(self) -> Progress:
        columns = (
            TextColumn("{task.description}"), BarColumn(bar_width=28), MofNCompleteColumn(), RateColumn(),
            TimeRemainingColumn(compact=True), TextColumn("{task.fields[note]}", style="dim"),
        )  # fmt: skip
        return Progress(*columns, console=self.console, disable=not self.console.is_terminal)

    @contextmanager
    def track(self, what: str, total: int, unit: str) -> Iterator[Advance]:
        """A line that advances; on a pipe it is printed when the stage begins and when it ends."""
        if not self.console.is_terminal:
            self.say(f"{what}: {total:,} {unit}")
        with self._progress() as progress:
            task = progress.add_task(f"{what:<34}", total=total, unit=unit, note="")
            yield lambda count: progress.advance(task, count)

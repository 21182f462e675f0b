"""Live progress of a stage: what is being done, how far, how fast, and how long it will take yet."""

import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from seewhy.records.types import StepLog

Advance = Callable[[int], None]
INSTANT = 0.005
"""Seconds. A block reported sooner after the one before was not worked: a stopped run had left it on disk."""


class RateColumn(ProgressColumn):
    """Things a second."""

    def render(self, task: Task) -> Text:
        """The rate so far, in the unit of the stage."""
        speed = task.finished_speed or task.speed
        unit = str(task.fields["unit"])
        return Text("" if speed is None else rate_of(speed, unit), style="dim")


class NoteColumn(ProgressColumn):
    """What the stage says of itself: words, or what a function says now."""

    def render(self, task: Task) -> Text:
        """The note as it stands."""
        note = task.fields["note"]
        return Text(str(note() if callable(note) else note), style="dim", no_wrap=True)


@dataclass(slots=True)
class Pace:
    """How far a stage has come: what lay there when it began, and what was made since."""

    began: float = field(default_factory=time.perf_counter)
    heard: float = field(default_factory=time.perf_counter)
    """When the last block was reported."""
    there: int = 0
    made: int = 0

    def advance(self, count: int) -> bool:
        """Count a block that was reported just now; whether it was made, and not found."""
        now = time.perf_counter()
        is_made = now - self.heard >= INSTANT
        self.heard = now
        if is_made:
            self.made += count
        else:
            self.there += count
        return is_made

    def summary(self, unit: str) -> str:
        """Time and rate, in words."""
        seconds = time.perf_counter() - self.began
        rate = f", {rate_of(self.made / seconds, unit)}" if self.made else ""
        kept = f" ({self.there:,} were there)" if self.there and self.made else ""
        return f"{span_of(seconds)}{rate}{kept}"


def rate_of(speed: float, unit: str) -> str:
    """Things a second, in words.

    Example:
        >>> rate_of(0.54, "steps"), rate_of(2345.6, "chains")
        ('0.54 steps/s', '2,346 chains/s')
    """
    digits = 0 if speed >= 100 else 1 if speed >= 1 else 2
    return f"{speed:,.{digits}f} {unit}/s"


def count_of(count: int, unit: str) -> str:
    """A number of things, in words.

    Example:
        >>> count_of(2000, "questions"), count_of(1, "steps")
        ('2,000 questions', '1 step')
    """
    return f"{count:,} {unit.removesuffix('s') if count == 1 else unit}"


def span_of(seconds: float) -> str:
    """A time in words.

    Example:
        >>> span_of(0.25), span_of(81.4), span_of(200)
        ('0.2 s', '81 s', '3 min 20 s')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes} min {left} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Where progress is shown: bars on a terminal, a line at each stage's begin and end elsewhere."""

    console: Console

    def say(self, text: str) -> None:
        """Print one line as it is: not wrapped, and brackets are brackets."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def say_whole(self, what: str, count: int, unit: str) -> None:
        """Say that an earlier run left nothing to do."""
        self.say(f"{what}: whole, {count_of(count, unit)}")

    def follow(self, what: str, logs: Iterable[StepLog]) -> None:
        """Take all steps of a training run, with its loss beside the line."""
        pace, log = Pace(), None
        with self._progress() as progress:
            task = progress.add_task(what, total=None, unit="steps", note="")
            for log in logs:
                total = int(log.terms["steps"])
                if pace.made == 0:
                    self._begin(
                        what, f"{count_of(total, 'steps')}{f', from step {log.step + 1:,}' if log.step else ''}"
                    )
                pace.made += 1
                progress.update(task, total=total, completed=log.step + 1, note=f"loss {log.loss:.3f}")
        if log is None:
            self.say(f"{what}: all steps were taken")
        else:
            self._end(what, f"{pace.summary('steps')}, loss {log.loss:.3f}")

    @contextmanager
    def track(
        self, what: str, total: int, unit: str, *, is_whole: bool = False, note: Callable[[], str] = str
    ) -> Generator[Advance]:
        """A line that advances with the stage, with what `note` says; where its rows are whole, one that says so."""
        if is_whole:
            yield lambda _: None  # the stage still checks that the rows are of its plan
            self.say_whole(what, total, unit)
            return
        self._begin(what, count_of(total, unit))
        pace = Pace()
        with self._progress() as progress:
            task = progress.add_task(what, total=total, unit=unit, note=note)

            def advance(count: int) -> None:
                if pace.advance(count):
                    progress.advance(task, count)
                else:
                    # Started anew from here, or what lay there would count into the rate and the time left.
                    progress.reset(task, completed=pace.there + pace.made)

            yield advance
        self._end(what, ", ".join(filter(None, (pace.summary(unit), note()))))

    @contextmanager
    def timed(self, what: str) -> Generator[None]:
        """Say what is begun, and when it is done, how long it took: for what has no steps to count."""
        began = time.perf_counter()
        self.say(what)
        yield
        self.say(f"{what}: done in {span_of(time.perf_counter() - began)}")

    def _begin(self, what: str, how_much: str) -> None:
        if not self.console.is_terminal:
            self.say(f"{what}: {how_much}")

    def _end(self, what: str, how_fast: str) -> None:
        if not self.console.is_terminal:
            self.say(f"{what}: done in {how_fast}")

    def _progress(self) -> Progress:
        columns = (
            TextColumn("{task.description:<28}", table_column=Column(no_wrap=True)), BarColumn(bar_width=12),
            MofNCompleteColumn(), RateColumn(table_column=Column(no_wrap=True)),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            NoteColumn(table_column=Column(no_wrap=True)),
        )  # fmt: skip
        return Progress(*columns, console=self.console, disable=not self.console.is_terminal)

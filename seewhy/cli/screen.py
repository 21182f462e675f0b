"""Draws what happens in a run: bars on a terminal, a line at each unit's begin and end elsewhere."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from seewhy.runs.events import Advanced, Began, Concluded, Ended, Event, Noted, Stepped
from seewhy.runs.heard import Heard
from seewhy.runs.progress_words import count_of, rate_of, span_of


def follow(events: Iterable[Event], place: object, *, as_json: bool) -> None:
    """Draw a run; with `as_json` on standard error, and at the end one JSON object on standard output."""
    heard = Heard(str(place))
    Screen(console=Console(stderr=as_json)).follow(heard.hear(events))
    if as_json and heard.units:  # of several processes the first one alone hears of units
        print(json.dumps(heard.plain(), indent=1))


class RateColumn(ProgressColumn):
    """Things a second."""

    def render(self, task: Task) -> Text:
        """The rate so far, in the unit of the stage."""
        speed = task.finished_speed or task.speed
        unit = str(task.fields["unit"])
        return Text("" if speed is None else rate_of(speed, unit), style="dim")


class WholeColumn(ProgressColumn):
    """What is left of the whole run, where it was forecast."""

    def render(self, task: Task) -> Text:
        later = task.fields["later"]
        return Text("" if later is None else f"run {span_of((task.time_remaining or 0) + later)}", style="dim")


@dataclass(slots=True)
class Shown:
    """What the screen knows of the step that is under way."""

    step: str = ""
    began: float = field(default_factory=time.perf_counter)
    parts: int = 0
    """Units of it that this call worked at; 0 where all were finished before."""
    done: float = 0.0
    """Seconds of those that are finished."""
    unit: str = ""
    """What the last of them counts."""
    rows: int = 0
    """How many of these this call mapped."""
    counted: float = 0.0
    """Seconds that they took."""
    note: str = ""
    """The loss of its last step, or what servers were paid."""


@dataclass(slots=True, kw_only=True)
class Screen:
    """Follows the events of a run: a bar a unit on a terminal, elsewhere a line at each step's begin and end."""

    console: Console
    shown: Shown = field(default_factory=Shown)
    progress: Progress | None = None
    task: TaskID | None = None

    def say(self, text: str) -> None:
        """Print one line as it is: not wrapped, and brackets are brackets."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def follow(self, events: Iterable[Event]) -> None:
        """Draw all events until the run ends, or ends in an error."""
        try:
            for event in events:
                self._draw(event)
            self._end_step()
        finally:
            self._close()

    def _draw(self, event: Event) -> None:
        match event:
            case Began():
                self._begin(event)
            case Advanced():
                self.shown.note = event.spent
                self._move(event.count)
            case Stepped():
                self.shown.note = f"loss {event.log.loss:.3f}"
                self._move(1)
            case Noted():
                self.say(f"  {event.text}")
            case Ended():
                self._end(event)
            case Concluded():
                self._end_step()
                self.shown = Shown()
                for line in event.lines:
                    self.say(line)

    def _begin(self, event: Began) -> None:
        if event.step != self.shown.step:
            self._end_step()
            self.shown = Shown(step=event.step)
        self.shown.parts += 1
        if self.console.is_terminal:
            self._open(event)
        elif self.shown.parts == 1:
            there = f", {event.done:,} are there" if event.done else ""
            total = "" if event.total is None else f" ({count_of(event.total, event.unit)}{there})"
            left = f", then {span_of(event.later)} for the rest" if event.later else ""
            self.say(f"[{event.number}/{event.of}] {event.step}{total}{left}")

    def _open(self, event: Began) -> None:
        self.progress = Progress(
            TextColumn("{task.description:<34}", table_column=Column(no_wrap=True)), BarColumn(bar_width=12),
            MofNCompleteColumn(), RateColumn(table_column=Column(no_wrap=True)),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True), WholeColumn(),
            TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True)), console=self.console,
        )  # fmt: skip
        self.progress.start()
        what = f"[{event.number}/{event.of}] {event.ref}"
        # Begun anew from here, or what was there would count into the rate and the time left.
        self.task = self.progress.add_task(
            what, total=event.total, unit=event.unit, note="", completed=event.done, later=event.later
        )

    def _move(self, count: int) -> None:
        if self.progress is not None and self.task is not None:
            self.progress.update(self.task, advance=count, note=self.shown.note)

    def _end(self, event: Ended) -> None:
        self._close()
        shown = self.shown
        if event.is_found:
            step = event.ref.partition(".")[0]
            if step != shown.step:
                self._end_step()
                self.shown = Shown(step=step)
            return
        if event.unit != shown.unit:
            shown.unit, shown.rows, shown.counted = event.unit, 0, 0.0
        shown.done += event.seconds
        shown.counted += event.seconds
        shown.rows += event.rows

    def _end_step(self) -> None:
        """The line that says how a step went, or that nothing was left of it."""
        shown = self.shown
        if shown.step and not shown.parts:
            self.say(f"{shown.step}: finished before")
        elif shown.step and not self.console.is_terminal:
            parts = f", {shown.parts} parts" if shown.parts > 1 else ""
            rate = f", {rate_of(shown.rows / shown.counted, shown.unit)}" if shown.rows and shown.counted > 0 else ""
            more = f", {shown.note}" if shown.note else ""
            self.say(f"{shown.step}: done in {span_of(shown.done)}{parts}{rate}{more}")

    def _close(self) -> None:
        if self.progress is not None:
            self.progress.stop()
            self.progress = None

"""What a run did, taken down from its events: the object that `--json` prints at its end."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from seewhy.records.types import StepLog
from seewhy.runs.events import Concluded, Ended, Event, Noted, Stepped


@dataclass(slots=True)
class Heard:
    """The events of one call of a run, or of a stage over files."""

    place: str
    """The directory that it writes."""
    began: float = field(default_factory=time.perf_counter)
    units: list[Ended] = field(default_factory=list[Ended])
    notes: list[Noted] = field(default_factory=list[Noted])
    lines: list[str] = field(default_factory=list[str])
    last: dict[str, StepLog] = field(default_factory=dict[str, StepLog])
    """The last step of each training, by its unit."""

    def hear(self, events: Iterable[Event]) -> Iterator[Event]:
        """The same events, each taken down as it passes."""
        for event in events:
            match event:
                case Ended():
                    self.units.append(event)
                case Noted():
                    self.notes.append(event)
                case Stepped():
                    self.last[event.ref] = event.log
                case Concluded():
                    self.lines += event.lines
                case _:
                    pass
            yield event

    def plain(self) -> dict[str, object]:
        """As JSON: units in the order in which they ended, with the last training step where there was one."""
        units = [
            {"ref": one.ref, "rows": one.rows, "counted": one.unit, "seconds": round(one.seconds, 3),
             "was_finished": one.is_found, "last_step": self._last(one.ref)}
            for one in self.units
        ]  # fmt: skip
        return {
            "place": self.place, "seconds": round(time.perf_counter() - self.began, 3), "units": units,
            "notes": [asdict(one) for one in self.notes], "results": self.lines,
        }  # fmt: skip

    def _last(self, ref: str) -> dict[str, object] | None:
        log = self.last.get(ref)
        return None if log is None else {"step": log.step, "loss": log.loss, **log.terms}

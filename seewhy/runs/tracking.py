"""Passes the figures of a training on to the trackers that the machine names."""

from collections.abc import Iterable, Iterator

from seewhy.records.types import StepLog
from seewhy.runs.discovery import call_part
from seewhy.runs.processes import Processes
from seewhy.runs.run import OpenRun

TRACKERS = "trackers"
"""Folder of a training for trackers that write files."""


def tracked(run: OpenRun, ref: str, logs: Iterable[StepLog], processes: Processes) -> Iterator[StepLog]:
    """The logs as they are; of several processes the first reports them."""
    if not run.machine.report_to or not processes.is_first:
        yield from logs
        return
    title = f"{run.name}-{ref}".replace("/", "-")
    folder = run.place(ref) / TRACKERS
    with call_part("training", "trackers", "reporting", run.machine.report_to, title, folder) as reports:
        for log in logs:
            reports.log(log)
            yield log

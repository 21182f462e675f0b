"""The log of a training: one JSON line a step, whole lines only."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from seewhy.records.appended import append_lines
from seewhy.records.files import write_text_atomically
from seewhy.records.lines import record_from
from seewhy.records.types import StepLog


def append_step(path: Path, log: StepLog) -> None:
    """Adds one line to steps.jsonl and forces it to the disk."""
    append_lines(path, [asdict(log)])


def read_steps(path: Path) -> list[StepLog]:
    """The steps of steps.jsonl in order; a last line that was cut short by a kill is left out.

    Raises:
        ValueError: another line is no step; the message names file, line and field.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    return [_step_of(line, f"{path}, line {number}") for number, line in enumerate(lines[:-1], 1)]


def _step_of(line: bytes, place: str) -> StepLog:
    try:
        found: object = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{place} is damaged ({error}); bring the file back, or remove its folder") from error
    return record_from(found, StepLog, place)


def cut_steps(path: Path, start: int) -> Sequence[StepLog]:
    """Removes the steps at or after `start` and returns the others; raises ValueError where one of these is missing."""
    kept: Sequence[StepLog] = [log for log in read_steps(path) if log.step < start]
    if [log.step for log in kept] != list(range(start)):
        raise ValueError(f"{path}: holds {len(kept)} of the {start} steps before the checkpoint; remove {path.parent}")
    write_text_atomically(path, "".join(json.dumps(asdict(log)) + "\n" for log in kept))
    return kept

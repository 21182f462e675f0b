"""The log of a training: one JSON line a step, whole lines only."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from seewhy.records.files import explain_failure, write_text_atomically
from seewhy.records.types import StepLog


def append_step(path: Path, log: StepLog) -> None:
    """Adds one line to steps.jsonl and forces it to the disk."""
    with explain_failure(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(log)) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_steps(path: Path) -> list[StepLog]:
    """The steps of steps.jsonl in order; a last line that was cut short by a kill is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [StepLog(**json.loads(line)) for line in lines[:-1]]


def cut_steps(path: Path, start: int) -> Sequence[StepLog]:
    """Removes the steps at or after `start` and returns the others; raises ValueError where one of these is missing."""
    kept: Sequence[StepLog] = [log for log in read_steps(path) if log.step < start]
    if [log.step for log in kept] != list(range(start)):
        raise ValueError(f"{path}: holds {len(kept)} of the {start} steps before the checkpoint; remove {path.parent}")
    write_text_atomically(path, "".join(json.dumps(asdict(log)) + "\n" for log in kept))
    return kept

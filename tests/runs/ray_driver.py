"""A run of two steps on a Ray cluster that others have started; what it says goes to standard output, a line each."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stopped_step import COMMAND, Teach, steps_of, with_copy

from seewhy.records.files import hash_file
from seewhy.records.types import Lesson
from seewhy.runs.api import Models, Run
from seewhy.runs.events import Event, Noted
from seewhy.runs.machine import Machine
from seewhy.runs.open import Extent
from seewhy.runs.recipe_text import build_recipe
from seewhy.runs.runner import run_recipe
from seewhy.runs.runner_plan import RunnerPlan

COUNT, PER_SHARD, PAUSE = 40, 4, 0.2
"""Ten blocks of 0.8 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadly(Teach):
    """As `Teach`, and the process that maps the number 9 is killed, as by a kernel without memory."""

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[int]], Iterable[Lesson]]:
        teach = Teach.worker(self, run, models)

        def die(block: Sequence[int]) -> Iterable[Lesson]:
            if 9 in block:
                os.kill(os.getpid(), signal.SIGKILL)
            return teach(block)

        return die


def events_of(root: Path, plan: RunnerPlan, stage: str = "Teach", **fields: object) -> Iterator[Event]:
    """A run of two steps, the second of which reads the first one's rows."""
    plain: Any = with_copy(steps_of(root, COUNT, **{"per_shard": PER_SHARD, "pause": PAUSE, **fields}))
    if stage != "Teach":
        plain["steps"]["teach"]["stage"] = f"{__file__}:{stage}"
    recipe, _ = build_recipe(plain, "teach.yaml")
    return run_recipe(root, recipe, Machine(runner=plan), Extent(), COMMAND)


def rows(root: Path) -> dict[str, str]:
    """Hash of every shard, and of what the manifests say of rows."""
    found = {path.relative_to(root).as_posix(): hash_file(path) for path in sorted(root.rglob("part-*.parquet"))}
    for path in sorted(root.rglob("_manifest.json")):
        found[path.parent.name] = json.dumps(json.loads(path.read_text())["counts"], sort_keys=True)
    return found


def say(*words: str) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def tell_events(root: Path, address: str, pause: float) -> None:
    """The name of each event, and its text where it has one."""
    plan = RunnerPlan(kind="ray", address=address, most=3, seen_s=10.0)
    try:
        for event in events_of(root, plan, pause=pause):
            say(type(event).__name__, event.text if isinstance(event, Noted) else "")
        say("End", "")
    except (ValueError, RuntimeError) as error:
        say("Error", str(error))


if __name__ == "__main__":
    tell_events(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))

"""A run with a stage from outside the package, in a process of its own: to be killed, starved of disk, or let be."""

import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from seewhy.records.files import write_text_atomically
from seewhy.records.lineage import Manifest, read_manifest
from seewhy.records.types import Lesson, Response, Style
from seewhy.runs.api import Models, Need, RowStage, Run
from seewhy.runs.choice import Rows
from seewhy.runs.events import Event
from seewhy.runs.machine import Machine
from seewhy.runs.open import Extent
from seewhy.runs.recipe_text import build_recipe
from seewhy.runs.runner import run_recipe

COUNT = 11
SHORT = 5
"""Inputs of the run that is killed at each step."""
COMMAND = "seewhy run teach.yaml"
EMPTY = "nothing"
"""What a source says whose rows are all left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teach(RowStage):
    """None, one or two lessons a number, of letters that do not compress; each tells which block it was made in."""

    numbers: Rows
    size: int = 40
    per_shard: int = 3
    source: str = ""
    seed: int = 0
    fails_at: int = field(default=-1, compare=False)
    pause: float = field(default=0.0, compare=False)

    rows: ClassVar[type[Lesson]] = Lesson
    unit: ClassVar[str] = "numbers"

    def block_size(self) -> int:
        return self.per_shard

    def needs(self) -> Sequence[Need]:
        return (Need(field="numbers", ref=self.numbers, wants=object),)

    def inputs(self, run: Run) -> Sequence[int]:
        return [int(line) for line in run.place(self.numbers).read_text().split()]

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[int]], Iterable[Lesson]]:
        def teach(block: Sequence[int]) -> Iterator[Lesson]:
            for number in block:
                if number == self.fails_at:
                    raise ValueError("the lamp went out")
                time.sleep(self.pause)
                for copy in range(0 if self.source == EMPTY else number % 3):
                    text = random.Random(f"{self.seed}/{number}/{copy}").randbytes(self.size * number).hex()
                    yield Lesson(
                        question_id=f"{number}/{copy}", style=Style.REASON, response=Response(text=text),
                        source=f"{self.source}{tuple(block)}",
                    )  # fmt: skip

        return teach

    def tally(self, block: Sequence[int], rows: Sequence[Lesson]) -> Mapping[str, int]:
        return {"even": sum(number % 2 == 0 for number in block)}

    def cost(self, rows: Sequence[Lesson]) -> float:
        return 0.25

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        if self.source == EMPTY:
            raise ValueError("no lesson is left")
        return f"{counts['even']} numbers are even"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(RowStage):
    """The lessons of another step, with a source of its own: what follows from a step."""

    lessons: Rows
    source: str = "copied"

    rows: ClassVar[type[Lesson]] = Lesson
    unit: ClassVar[str] = "lessons"

    def block_size(self) -> int:
        return 4

    def needs(self) -> Sequence[Need]:
        return (Need(field="lessons", ref=self.lessons, wants=Lesson),)

    def inputs(self, run: Run) -> Sequence[Lesson]:
        return list(run.read(self.lessons, Lesson))

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Lesson]], Iterable[Lesson]]:
        return lambda block: [
            Lesson(question_id=one.question_id, style=one.style, response=one.response, source=self.source)
            for one in block
        ]


def steps_of(root: Path, count: int = COUNT, **fields: object) -> dict[str, object]:
    """A recipe of one step over the numbers below `count`; their file lies beside the run."""
    numbers = root.parent / f"{root.name}.numbers"
    text = "".join(f"{number}\n" for number in range(count))
    if not numbers.is_file() or numbers.read_text() != text:
        write_text_atomically(numbers, text)
    step = {"stage": f"{__file__}:Teach", "numbers": "numbers", **fields}
    return {"name": "taught", "inputs": {"numbers": str(numbers)}, "steps": {"teach": step}}


def with_copy(recipe: Mapping[str, object], name: str = "copy", lessons: str = "teach", **fields: object) -> dict:
    """The recipe with one step more, which follows from `lessons`."""
    steps = recipe["steps"]
    assert isinstance(steps, dict)
    return {**recipe, "steps": {**steps, name: {"stage": f"{__file__}:Copy", "lessons": lessons, **fields}}}


def go(root: Path, plain: Mapping[str, object], extent: Extent | None = None) -> list[Event]:
    """Run a recipe in a directory; what happened."""
    recipe, _ = build_recipe(plain, "teach.yaml")
    return list(run_recipe(root, recipe, Machine(), extent or Extent(), COMMAND))


def run(root: Path, **fields: object) -> Manifest:
    """Run the only step; what it says of itself."""
    go(root, steps_of(root, **fields))
    return read_manifest(root / "teach")


def die_at(step: int) -> None:
    """Kill this process, as `kill -9` does, just before its `step`-th change to the file system."""
    seen = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event in ("os.rename", "os.remove", "os.mkdir") or (event == "open" and ".tmp" in str(arguments[0])):
            seen += 1
            if seen > step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def count_deaths(root: Path) -> int:
    """Run the step once for each change, in a child killed there, and then to its end; return how many died."""
    step = 0
    while True:
        plain = steps_of(root / str(step), SHORT)
        child = os.fork()
        if child == 0:
            die_at(step)
            go(root / str(step), plain)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return step
        go(root / str(step), plain)
        step += 1


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["slow", directory]:
            run(Path(directory), pause=0.05)
        case ["starved", directory, size, limit]:
            # The kernel refuses each write beyond the limit (EFBIG), in the middle of a file, as a full disk does.
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
            run(Path(directory), size=int(size))
        case ["every-step", root]:
            sys.stdout.write(str(count_deaths(Path(root))))
        case words:
            raise SystemExit(f"what is {words}?")

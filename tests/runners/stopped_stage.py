"""A stage that tests run in a process of its own, to be killed, starved of disk, or let be."""

import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from seewhy.records.lineage import Manifest
from seewhy.records.types import Lesson, Response, Style
from seewhy.runners.local import run_blocks

COUNT = 11
PER_SHARD = 3
SHORT = 5
"""Number of inputs of the stage that is killed at each step."""


def make_lessons(block: Sequence[int], size: int = 40, pause: float = 0.0) -> Iterator[Lesson]:
    """None, one or two lessons an input, of letters that do not compress; each tells which block it was made in."""
    for number in block:
        time.sleep(pause)
        for copy in range(number % 3):
            text = random.Random(f"{number}/{copy}").randbytes(size * number).hex()
            yield Lesson(
                question_id=f"{number}/{copy}", style=Style.REASON, response=Response(text=text), source=str(block)
            )


def run(directory: Path, size: int = 40, pause: float = 0.0, count: int = COUNT) -> Manifest:
    """The stage, as a test or a process of its own runs it."""
    return run_blocks(
        directory,
        range(count),
        lambda block: make_lessons(block, size, pause),
        Lesson,
        per_shard=PER_SHARD,
        stage="teach",
        plan={"size": size},
        input_hashes={"numbers": "ab"},
        command="seewhy teach",
        on_done=lambda count: None,
        tally=lambda rows: {"letters": sum(len(row.response.text) for row in rows)},
    )


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
    """Run the stage once for each step, in a child killed there, until one lives; return how many died."""
    step = 0
    while True:
        child = os.fork()
        if child == 0:
            die_at(step)
            run(root / str(step), count=SHORT)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return step
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

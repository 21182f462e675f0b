"""`seewhy step RUN NAME`: one step of a run that is there, as a launcher of processes starts it."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from seewhy.cli.options import require_places, shows_help, take_flag
from seewhy.cli.processes import launched, take_processes
from seewhy.cli.screen import follow
from seewhy.runs.open import Extent, open_run
from seewhy.runs.runner import run_recipe

USAGE = """usage: seewhy step RUN NAME [--remake] [--processes N] [--json]

Run one step of a run, with the recipe and the machine that it has: in this process, in N processes of this machine, or
as one of those that `torchrun` or `accelerate launch -m seewhy step RUN NAME` has started.
--json prints what was done as one JSON object at the end, and progress on standard error."""


def run(words: Sequence[str]) -> int:
    """Run a step; 0 when it is finished."""
    if shows_help(words, USAGE):
        return 0
    remake, rest = take_flag(words, "--remake")
    as_json, rest = take_flag(rest, "--json")
    processes, rest = take_processes(rest)
    require_places(rest, "step", "a run", "a step of it")
    if processes > 1:
        return launched(["step", *words], processes)
    opened = open_run(Path(rest[0]))
    extent = Extent(only=rest[1], remake=remake)
    command = shlex.join(["seewhy", "step", *words])
    follow(run_recipe(opened.root, opened.recipe, opened.machine, extent, command), opened.root, as_json=as_json)
    return 0

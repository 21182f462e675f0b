"""`seewhy diff RUN RUN`: differing settings, rows and results of two runs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from seewhy.cli.options import shows_help, take_flag, take_option
from seewhy.runs.open import open_run
from seewhy.workbench.diff import diff_runs
from seewhy.workbench.diff_lines import lines_of

USAGE = """usage: seewhy diff RUN RUN [--pair STEP=STEP ...] [--all] [--json]

Settings that differ, by step; rows and counts that differ; accuracy of both runs, and its difference on the questions
that both asked, paired, with its 95 % interval.
  --pair STEP=STEP   a step of the first run and the one of the second that is compared with it, such as dpo=mpo
  --all              units whose rows are the same too
  --json             one JSON object
Exit status: 0 where nothing differs, 1 where something does, 2 where a run cannot be opened."""


def run(words: Sequence[str]) -> int:
    """Print the differences of two runs; 1 where there is one."""
    if shows_help(words, USAGE):
        return 0
    as_json, rest = take_flag(words, "--json")
    shows_all, rest = take_flag(rest, "--all")
    given, rest = take_option(rest, "--pair")
    if len(rest) != 2 or any(word.startswith("-") for word in rest):
        raise ValueError("seewhy diff needs two runs; name two folders that `seewhy run` has written")
    if any(pair.count("=") != 1 for pair in given):
        raise ValueError("--pair needs STEP=STEP, such as --pair dpo=mpo")
    pairs = [pair.partition("=") for pair in given]
    found = diff_runs(open_run(Path(rest[0])), open_run(Path(rest[1])), {left: right for left, _, right in pairs})
    if as_json:
        print(json.dumps(asdict(found), indent=1))
    else:
        console = Console()
        for line in lines_of(found, shows_all):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    return int(bool(found.settings) or any(not unit.is_same for unit in found.units))

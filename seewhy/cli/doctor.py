"""`seewhy doctor`: whether this machine does what seewhy asks of it, each check with its remedy."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from seewhy.cli.options import take_flag, take_one
from seewhy.cli.run import recipe_of
from seewhy.workbench.checks import Check, State, has_errors
from seewhy.workbench.doctor import examine

USAGE = """usage: seewhy doctor [--recipe RECIPE [--STEP.FIELD VALUE ...]] [--folder DIR] [--json]

Check the machine, versions, GPU, disk, keys (by name only) and the shipped model. What can be done is done: a product
on each device against the CPU, a picture decoded, a token drawn.

  --recipe RECIPE   also what this recipe needs: inputs, weights, keys; each server is asked for one short reply
  --folder DIR      where runs are to be written; this folder, unless one is named
  --json            one JSON object

Exit status: 0 without an error (there may be warnings), 1 with one, 2 where the recipe cannot be read."""
STYLES = {State.OK: "green", State.WARNING: "yellow", State.ERROR: "bold red"}


def run(words: Sequence[str]) -> int:
    """Print each check as it is made; 1 where one is an error."""
    if {"--help", "-h"} & set(words):
        print(USAGE)
        return 0
    as_json, rest = take_flag(words, "--json")
    name, rest = take_one(rest, "--recipe")
    folder, rest = take_one(rest, "--folder")
    if rest and not name:
        raise ValueError(f"{rest[0]!r} is no option of `seewhy doctor`; --help lists them")
    console, made = Console(), list[Check]()
    for check in examine(Path(folder or "."), recipe_of(name, rest)[0] if name else None):
        made.append(check)
        if not as_json:
            _show(console, check)
    if as_json:
        print(json.dumps({"is_well": not has_errors(made), "checks": [asdict(one) for one in made]}, indent=1))
    return int(has_errors(made))


def _show(console: Console, check: Check) -> None:
    line = Text.assemble((f"{check.state.value:<8}", STYLES[check.state]), f"{check.name:<18}{check.found}")
    console.print(line, soft_wrap=True)
    if check.remedy:
        console.print(Text(f"{'':<8}{'':<18}-> {check.remedy}"), soft_wrap=True)

"""`seewhy doctor`: whether this machine does what seewhy asks of it, each check with its remedy."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from seewhy.cli.options import shows_help, take_flag, take_one
from seewhy.cli.run import recipe_of
from seewhy.workbench.checks import Check, has_errors, line_of
from seewhy.workbench.doctor import examine

USAGE = """usage: seewhy doctor [--recipe RECIPE [--STEP.FIELD VALUE ...]] [--folder DIR] [--json]

Check the machine, versions, GPU, disk, keys (by name only) and the shipped model. What can be done is done: a product
on each device against the CPU, a picture decoded, a token drawn.
  --recipe RECIPE   also what this recipe needs: inputs, weights, keys; each server is asked for one short reply
  --folder DIR      where runs are to be written; this folder, unless one is named
  --json            one JSON object
Exit status: 0 without an error (there may be warnings), 1 with one, 2 where the recipe cannot be read."""


def run(words: Sequence[str]) -> int:
    """Print each check as it is made; 1 where one is an error."""
    if shows_help(words, USAGE):
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
            console.print(line_of(check), soft_wrap=True)
    if as_json:
        print(json.dumps({"is_well": not has_errors(made), "checks": [asdict(one) for one in made]}, indent=1))
    return int(has_errors(made))

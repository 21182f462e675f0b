"""`seewhy run RECIPE`: the steps of a recipe in order; a stopped run goes on from where it was."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from seewhy.cli.help_text import option_lines
from seewhy.cli.options import take_flag, take_one, take_option, take_whole, with_options
from seewhy.cli.processes import launched, take_processes
from seewhy.cli.screen import follow
from seewhy.runs.discovery import call_part
from seewhy.runs.machine import SHORTCUTS, Machine, ModelSpec
from seewhy.runs.open import Extent
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import build_recipe, plain_recipe, stage_name
from seewhy.runs.runner import run_recipe

USAGE = """usage: seewhy run RECIPE --run DIR [options] [--STEP.FIELD VALUE ...]

The steps of a recipe in order; a stopped run goes on from where it was. RECIPE is a name (`seewhy recipe list`), a YAML
file, or a Python file with a function `recipe`.

  --run DIR             directory of the run
  --size SIZE           toy, laptop or paper, of a recipe that has sizes (`seewhy recipe list`)
  --seed N              seed of every step
  --from STEP, --until STEP, --only STEP
                        which steps are run; those before must be finished
  --reuse RUN           take finished steps of another run where settings and inputs are the same; may be repeated
  --remake              make finished steps anew where what they follow from has changed
  --skip-preflight      do not open models, encode a few questions and visit servers before the first step
  --forecast            measure first how long it will take, and say at each step what is left of the whole
  --allow-blind         go on where a model behind a server does not name the colours of six drawn pictures
  --dry-run             price the calls to servers, and make none
  --json                print what was done as one JSON object at the end, and progress on standard error
  --set STEP.FIELD=VALUE
                        set a field; `--STEP.FIELD VALUE` does the same
  --processes N         train in N processes of this machine, each with a GPU where there are any (docs/scale.md)
  --runner ray --address HOST:PORT
                        map rows on a Ray cluster (docs/scale.md): --machine.runner.kind, --machine.runner.address
  --workers N, --threads N, --dollars X
                        short for --machine.workers, --machine.threads, --machine.spend.dollars
"""


def run(words: Sequence[str]) -> int:
    """Run a recipe; 0 when all steps are finished.

    Raises:
        ValueError: an option, the recipe or a step does not fit.
    """
    if words[:1] in (["--help"], ["-h"]):
        print(USAGE)
        return 0
    if not words or words[0].startswith("-"):
        raise ValueError("seewhy run needs a recipe first; `seewhy recipe list` shows those that come with seewhy")
    name, rest = words[0], list(words[1:])
    wants_help, rest = take_flag(rest, "--help")
    also_help, rest = take_flag(rest, "-h")
    if wants_help or also_help:
        print("\n".join(help_lines(name, take_one(rest, "--size")[0])))
        return 0
    is_dry, rest = take_flag(rest, "--dry-run")
    as_json, rest = take_flag(rest, "--json")
    is_forecast, rest = take_flag(rest, "--forecast")
    processes, rest = take_processes(rest)
    place, rest = take_one(rest, "--run")
    extent, rest = take_extent(rest)
    recipe, machine = recipe_of(name, rest)
    if not place:
        raise ValueError(f"seewhy run needs --run DIR, such as --run runs/{recipe.name}")
    root = Path(place)
    if is_dry and as_json:
        raise ValueError("--dry-run with --json: `seewhy plan RECIPE --json` prints the figures")
    if is_dry:
        call_part("cli", "plan", "show_prices", root, recipe, machine, extent)
        return 0
    if processes > 1:
        return launched(["run", *words], processes)
    command = shlex.join(["seewhy", "run", *words])
    events = run_recipe(root, recipe, machine, extent, command)
    if is_forecast:
        events = call_part("runs", "forecast.left", "run_with_time_left", events, root, recipe, machine, extent)
    follow(events, root, as_json=as_json)
    return 0


def take_extent(words: Sequence[str]) -> tuple[Extent, list[str]]:
    """Which steps are run, and the words without the options that say so."""
    first, rest = take_one(words, "--from")
    last, rest = take_one(rest, "--until")
    only, rest = take_one(rest, "--only")
    if only and (first or last):
        raise ValueError("--only goes without --from and --until")
    reuse, rest = take_option(rest, "--reuse")
    remake, rest = take_flag(rest, "--remake")
    is_blindly, rest = take_flag(rest, "--skip-preflight")
    return Extent(
        first=first, last=last, only=only, remake=remake, preflight=not is_blindly, reuse=tuple(map(Path, reuse))
    ), rest


def recipe_of(name: str, words: Sequence[str]) -> tuple[Recipe, Machine]:
    """The recipe of a name with the fields that options set."""
    seed, rest = take_whole(words, "--seed")
    size, rest = take_one(rest, "--size")
    is_blind, rest = take_flag(rest, "--allow-blind")
    plain = with_options(plain_recipe(name, seed, size), rest, SHORTCUTS)
    recipe, machine = build_recipe(plain, name)
    if is_blind:
        machine = replace(machine, canary=replace(machine.canary, allow_blind=True))
    return recipe, machine


def help_lines(name: str, size: str = "") -> Iterator[str]:
    """Usage, and every field of the recipe with its value and what it is for."""
    yield USAGE
    recipe, machine = build_recipe(plain_recipe(name, size=size), name)
    for step, stage in recipe.steps.items():
        yield f"step {step} ({stage_name(stage)})"
        yield from option_lines(step, type(stage), stage)
        yield ""
    for model, spec in recipe.models.items():
        yield f"model {model}"
        yield from option_lines(model, ModelSpec, spec)
        yield ""
    yield "compute"
    yield from option_lines("compute", type(recipe.compute), recipe.compute)
    yield "\nmachine"
    yield from option_lines("machine", Machine, machine)

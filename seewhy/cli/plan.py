"""`seewhy plan RECIPE`: memory, steps, time, disk and money of a run, forecast from its data before anything runs."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from seewhy.cli.naming import as_options
from seewhy.cli.options import shows_help, take_flag, take_one
from seewhy.cli.run import recipe_of
from seewhy.runs.forecast.plain import as_plain
from seewhy.runs.forecast.prices import price_run
from seewhy.runs.forecast.whole import forecast_run
from seewhy.runs.forecast.words import price_lines
from seewhy.runs.machine import Machine
from seewhy.runs.open import Extent
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import recipe_names
from seewhy.workbench.plan_page import show

USAGE = """usage: seewhy plan RECIPE [--size SIZE] [--run DIR] [--json] [--STEP.FIELD VALUE ...]

Memory, steps, time, disk and money of a recipe, before anything runs. The options are those of `seewhy run`, which
`seewhy run RECIPE --help` lists.

  --run DIR             count what is finished in this run as it is there
  --json                print the figures as one JSON object: MiB, seconds, tokens, rows, dollars
"""


def run(words: Sequence[str]) -> int:
    """Print the forecast; nothing is written but to a folder that is removed again.

    Raises:
        ValueError: an option, the recipe, a model or its questions do not fit.
    """
    if shows_help(words, USAGE):
        return 0
    if not words or words[0].startswith("-"):
        raise ValueError(f"`seewhy plan` needs a recipe first: {', '.join(recipe_names())} or a YAML file")
    name, rest = words[0], list(words[1:])
    as_json, rest = take_flag(rest, "--json")
    place, rest = take_one(rest, "--run")
    recipe, machine = recipe_of(name, rest)
    forecast = forecast_run(Path(place or f"runs/{recipe.name}"), recipe, machine)
    if as_json:
        print(as_options(json.dumps(as_plain(forecast), indent=1)))
    else:
        show(Console(), forecast, as_options)
    return 0


def show_prices(root: Path, recipe: Recipe, machine: Machine, extent: Extent) -> None:
    """Print what the steps of a run would pay to servers, one by one and in all."""
    console = Console()
    for line in price_lines(price_run(root, recipe, machine, extent)):
        console.print(as_options(line), highlight=False, markup=False, soft_wrap=True)

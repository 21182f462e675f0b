"""Everything that is checked of a machine, and of what a recipe needs of it."""

import os
from collections.abc import Iterator
from pathlib import Path

from seewhy.runs.recipe import Recipe
from seewhy.workbench.checks import Check
from seewhy.workbench.computing import computing_checks
from seewhy.workbench.libraries import library_checks
from seewhy.workbench.recipe_checks import recipe_checks
from seewhy.workbench.this_machine import machine_checks


def examine(folder: Path, recipe: Recipe | None = None) -> Iterator[Check]:
    """Each check as it is made: the machine, libraries, what they compute, and the recipe.

    Args:
        folder: where runs are to be written.
        recipe: its servers are asked for one short reply each.
    """
    yield from machine_checks(folder, os.environ)
    yield from library_checks()
    yield from computing_checks()
    if recipe is not None:
        yield from recipe_checks(recipe, os.environ)

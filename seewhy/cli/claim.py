"""A run's directory belongs to one recipe: claimed when new, and refused, untouched, to any other."""

import dataclasses
import shlex
from pathlib import Path

import yaml

from seewhy.cli.recipes import AnyRecipe, as_yaml, find_recipe, read_recipe, recipe_names, recipe_text, save_recipe

RECIPE_FILE = "recipe.yaml"
MOST_TOLD = 8
"""Differing fields that an error names."""


def claim_run(root: Path, recipe: AnyRecipe) -> Path:
    """The directory, absolute, made the run of this recipe; or gone on with, where it is already.

    Raises:
        ValueError: it holds a run of another recipe; nothing in it was changed.
        OSError: it cannot be made or written.
    """
    saved = root / RECIPE_FILE
    is_there = saved.is_file()
    if is_there:
        require_same(root, read_recipe(saved), recipe)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"{root} cannot be made a run's directory ({error.strerror}): choose another --run") from error
    if not is_there or saved.read_text(encoding="utf-8") != recipe_text(recipe):
        save_recipe(saved, recipe)
    return root.resolve()


def require_same(root: Path, there: AnyRecipe, asked: AnyRecipe) -> None:
    """An error that names the fields by which the recipe of a run and the one asked for differ, if any do."""
    changes = differences(there, asked)
    if not changes:
        return
    more = f"; and {len(changes) - MOST_TOLD} more" if len(changes) > MOST_TOLD else ""
    raise ValueError(
        f"{root} holds a run of other settings, and nothing in it was changed: {'; '.join(changes[:MOST_TOLD])}{more}. "
        f"Choose another --run, or give the run's own values: `{continue_command(root)}` does"
    )


def differences(there: AnyRecipe, asked: AnyRecipe) -> list[str]:
    """Fields that differ, in words such as `sft.learning_rate: 0.0005 here, 0.001 asked`.

    Fields that change nothing in the rows of a run (`compare=False`: how often it saves) may differ.
    """
    if type(there) is not type(asked):
        return [f"name: {there.name} here, {asked.name} asked"]
    here, wanted = fields_of(there), fields_of(asked)
    return [f"{name}: {_shown(value)} here, {_shown(wanted[name])} asked"
            for name, value in here.items() if value != wanted[name]]  # fmt: skip


def fields_of(plan: object, place: str = "") -> dict[str, object]:
    """The values of all compared fields by dotted name, plans within plans included.

    Example:
        >>> from seewhy.recipes.plans import PreferencePlan
        >>> fields_of(PreferencePlan(compare=("dpo",)), "preference")
        {'preference.objective': 'mpo', 'preference.beta': 0.1, 'preference.compare': ('dpo',)}
    """
    if not dataclasses.is_dataclass(plan) or isinstance(plan, type):
        return {place: plan}
    found: dict[str, object] = {}
    for field in dataclasses.fields(plan):
        if field.compare:
            found |= fields_of(getattr(plan, field.name), f"{place}.{field.name}" if place else field.name)
    return found


def continue_command(root: Path) -> str:
    """The command that goes on with the run of a directory, whatever its recipe."""
    return f"seewhy run {shlex.quote(str(root / RECIPE_FILE))} --run {shlex.quote(str(root))}"


def run_command(root: Path, recipe: AnyRecipe) -> str:
    """The command that makes a run anew: a recipe that comes with seewhy, and options where the run differs from it."""
    if recipe.name not in recipe_names():
        return continue_command(root)
    here = fields_of(recipe)
    seeds = {str(value) for name, value in here.items() if name.rpartition(".")[2] == "seed"}
    seed = seeds.pop() if len(seeds) == 1 else None
    own = fields_of(find_recipe(recipe.name, None if seed is None else int(seed)))
    words = ["seewhy", "run", recipe.name, "--run", str(root)]
    if seed is not None and own != fields_of(find_recipe(recipe.name)):
        words += ["--seed", seed]
    for name, value in here.items():
        if value != own[name]:
            words += option_words(name, value)
    return shlex.join(words)


def option_words(name: str, value: object) -> list[str]:
    """The words of an option that sets a field.

    Example:
        >>> option_words("preference.compare", ("dpo", "bco")), option_words("evaluation.blind", False)
        (['--preference.compare', 'dpo', 'bco'], ['--evaluation.no-blind'])
    """
    option = name.replace("_", "-")
    if isinstance(value, bool):
        place, _, last = option.rpartition(".")
        return [f"--{option}" if value else f"--{place}.no-{last}"]
    values = [str(one) for one in value] if isinstance(value, tuple) else [str(value)]
    # `--seed=-1` and not `--seed -1`, which would read as an option.
    return [f"--{option}", *values] if isinstance(value, tuple) else [f"--{option}={values[0]}"]


def _shown(value: object) -> str:
    """A value as the recipe's YAML shows it, in one line."""
    return yaml.safe_dump(as_yaml(value), default_flow_style=True, width=10_000).removesuffix("...\n").strip()

"""Recipes as YAML and back: by name, by file, or as what differs from a base."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from seewhy.records.files import write_text_atomically
from seewhy.runs.discovery import find_module, is_outside, kind_names, nearest
from seewhy.runs.loaded_code import load_file
from seewhy.runs.machine import Machine
from seewhy.runs.recipe import Recipe
from seewhy.runs.seeds import SEED, with_seeds
from seewhy.runs.sizes import Size
from seewhy.runs.structure import natural, structure, unstructure
from seewhy.runs.yaml_text import dump_yaml, read_yaml

SUFFIXES = (".yaml", ".yml")
Plain = dict[str, object]


def recipe_names() -> list[str]:
    """The recipes that come with seewhy, as they are typed."""
    return kind_names("recipes")


def recipe_sentence(name: str) -> str:
    """What a recipe says of itself in its first line."""
    return (find_module("recipes", name).__doc__ or "").splitlines()[0]


def recipe_sizes(name: str) -> list[str]:
    """The sizes that a recipe has, the one first that it has unless another is asked for; none where it has one alone.

    Example:
        >>> recipe_sizes("mpo"), recipe_sizes("quick")
        (['laptop', 'toy', 'paper'], [])
    """
    usual = _size_of(_function_of(name))
    return [] if usual is None else [usual.value, *(size.value for size in Size if size is not usual)]


def plain_recipe(name: str, seed: int | None = None, size: str = "") -> Plain:
    """A recipe as plain values, with a `machine` where its file has one.

    Args:
        name: a YAML file, a recipe that comes with seewhy, or a dotted path or Python file with a function `recipe`.
        seed: of all steps, in place of their own.
        size: `toy`, `laptop` or `paper`, for recipes that have them; empty takes the recipe's usual one.

    Raises:
        ValueError: there is no such recipe or size; the message names the nearest.
    """
    if name.endswith(SUFFIXES):
        if size:
            raise ValueError(f"{name} is a file of one size: write `size: {size}` beside its base, or leave size away")
        plain = _from_file(Path(name), ())
    else:
        plain = plain_of(_from_python(name, size))
    return plain if seed is None else with_seeds({**plain, SEED: seed}, is_forced=True)


def build_recipe(plain: Mapping[str, object], where: str) -> tuple[Recipe, Machine]:
    """The recipe and the machine of plain values; `where` begins every error."""
    rest = {name: value for name, value in plain.items() if name != "machine"}
    machine = structure(plain.get("machine") or {}, Machine, f"{where}: machine")
    # The seed alone, before it goes into the steps, each of which would refuse it.
    structure({"name": "", SEED: rest.get(SEED, 0), "steps": {}}, Recipe, where)
    # Named, the seed goes into every step: as the run's directory has the recipe, it names one in any case.
    return structure(with_seeds({SEED: 0, **rest}), Recipe, where), machine


def find_recipe(name: str, seed: int | None = None) -> tuple[Recipe, Machine]:
    """A recipe by its name or file, and the machine that its file describes; what is missing in it has its default.

    Args:
        name: a YAML file, a recipe that comes with seewhy, or a dotted path or Python file with a function `recipe`.
        seed: of all steps, in place of their own.

    Raises:
        ValueError: there is no such recipe, or a field of it does not exist or has a value that it cannot have.

    Example:
        >>> recipe, machine = find_recipe("quick", seed=1)
        >>> recipe.seed, machine.workers
        (1, 0)
    """
    return build_recipe(plain_recipe(name, seed), name)


def plain_of(recipe: Recipe) -> Plain:
    """A recipe as plain values; each step begins with its stage."""
    plain = cast(Plain, unstructure(recipe))
    steps = {name: {"stage": stage_name(step), **cast(Plain, unstructure(step))} for name, step in recipe.steps.items()}
    return {**plain, "steps": steps}


def recipe_text(recipe: Recipe) -> str:
    """The recipe as YAML, fields in order."""
    return dump_yaml(plain_of(recipe))


def save_recipe(path: Path, recipe: Recipe) -> None:
    """Write the recipe as YAML, whole or not at all."""
    write_text_atomically(path, recipe_text(recipe))


def stage_name(step: object) -> str:
    """The name by which a recipe asks for the stage of a step.

    Example:
        >>> from seewhy.stages.report import Report
        >>> stage_name(Report())
        'report'
    """
    kind = type(step)
    if kind.__module__.startswith("seewhy.stages."):
        return kind.__module__.rpartition(".")[2]
    if kind.__module__.startswith("seewhy_file_"):
        return f"{inspect.getfile(kind)}:{kind.__name__}"
    return f"{kind.__module__}:{kind.__name__}"


def _from_python(name: str, size: str) -> Recipe:
    function = _function_of(name)
    usual, known = _size_of(function), [one.value for one in Size]
    if not size:
        return _made(function(), name)
    if usual is None:
        raise ValueError(f"size: recipe {name} has one size alone; leave it away")
    if size not in known:
        raise ValueError(f"size: recipe {name} has no size {size!r}{nearest(size, known)}")
    return _made(function(size=Size(size)), name)


def _made(recipe: object, name: str) -> Recipe:
    if not isinstance(recipe, Recipe):
        raise ValueError(f"{name}: its function returned {type(recipe).__name__}: return a Recipe there")
    return recipe


def _size_of(function: Callable[..., object]) -> Size | None:
    """The size that a recipe has unless another is asked for; None where its function takes none."""
    found = inspect.signature(function).parameters.get("size")
    return found.default if found is not None and isinstance(found.default, Size) else None


def _function_of(name: str) -> Callable[..., object]:
    plain = name.replace("_", "-")
    if not is_outside(name) and plain not in recipe_names():
        raise ValueError(f"there is no recipe {name!r}{nearest(plain, recipe_names())} (A recipe's file ends in .yaml)")
    place, _, function = name.partition(":")
    module = load_file(Path(place)) if place.endswith(".py") else find_module("recipes", place)
    found = vars(module).get(function or "recipe")
    if not callable(found):
        raise ValueError(f"{name} has no function `{function or 'recipe'}`, which returns a recipe; write it there")
    return found


def _from_file(path: Path, seen: tuple[Path, ...]) -> Plain:
    if path.resolve() in seen:
        raise ValueError(f"{path}: its bases are a ring: {' <- '.join(str(one) for one in (*seen, path))}")
    found = read_yaml(path)
    if not isinstance(found, dict):
        raise ValueError(f"{path} must be a mapping of a recipe's fields, and is {found!s:.40}")
    plain = cast(Plain, found)
    base, size = plain.pop("base", None), str(plain.pop("size", ""))
    name = "" if base is None else str(base)
    if size and (not name or name.endswith(SUFFIXES)):
        raise ValueError(
            f"{path}: `size` is of a base that comes with seewhy; name one, such as `base: mpo`, or leave it away"
        )
    if not name:
        return plain
    if not name.endswith(SUFFIXES):
        return merge(plain_of(_from_python(name, size)), plain)
    under = Path(name) if Path(name).is_absolute() else path.parent / name
    return merge(_from_file(under, (*seen, path.resolve())), plain)


def merge(base: Mapping[str, object], over: Mapping[str, object]) -> Plain:
    """`base` with the fields of `over`, mapping by mapping; null takes a field away, another kind or stage all of it.

    Example:
        >>> merge({"a": {"x": 1, "y": 2}, "b": 3}, {"a": {"y": 5}, "b": None})
        {'a': {'x': 1, 'y': 5}}
    """
    merged = dict(base)
    for name, value in over.items():
        old = merged.get(name)
        if value is None and isinstance(old, Mapping | str | int | float | list | tuple):
            merged.pop(name)
        elif isinstance(value, Mapping) and isinstance(old, Mapping) and _is_same_kind(old, value):
            merged[name] = merge(cast(Mapping[str, object], old), cast(Mapping[str, object], value))
        else:
            merged[name] = value
    return merged


def _is_same_kind(old: Mapping[object, object], new: Mapping[object, object]) -> bool:
    return all(tag not in new or str(natural(new[tag])) == str(natural(old.get(tag))) for tag in ("kind", "stage"))

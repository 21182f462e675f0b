"""Recipes as text: printed as YAML, read back, and refused by name where a field is unknown."""

import dataclasses
import difflib
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from seewhy.cli.find import find_module
from seewhy.recipes.inkgrid_base import BaseRecipe
from seewhy.recipes.plans import Recipe
from seewhy.records.files import write_text_atomically

P = TypeVar("P")


def find_recipe(name: str, seed: int | None = None) -> Recipe | BaseRecipe:
    """The recipe of a YAML file, or of `seewhy/recipes/<name>.py` at a seed or at its own; `-` and `_` are the same."""
    if name.endswith((".yaml", ".yml")):
        return read_recipe(Path(name))
    made = find_module("recipes", name.replace("-", "_"))
    if "recipe" not in vars(made):
        raise ValueError(f"{name!r} is no recipe of this kind; `seewhy recipe list` names them")
    return made.recipe() if seed is None else made.recipe(seed)


def recipe_text(recipe: Recipe | BaseRecipe) -> str:
    """The recipe as YAML, fields in order."""
    return yaml.safe_dump(_plain(dataclasses.asdict(recipe)), sort_keys=False, allow_unicode=True)


def _plain(value: object) -> object:
    """Tuples as lists and enums as their text, all the way down."""
    match value:
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case Enum():
            return value.value
        case _:
            return value


def save_recipe(path: Path, recipe: Recipe) -> None:
    """Write the recipe as YAML, whole or not at all."""
    write_text_atomically(path, recipe_text(recipe))


def read_recipe(path: Path) -> Recipe:
    """The recipe of a YAML file.

    Raises:
        ValueError: the file is missing or no YAML mapping, or a field is unknown, missing or of another type.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(
            f"{path}: no such file; `seewhy recipe show inkgrid > {path}` writes one to start from"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML ({error})") from error
    return build(Recipe, found, str(path))


def build(plan: type[P], found: object, where: str) -> P:
    """A plan from plain values; every unknown or ill-typed field is refused by its place."""
    if not isinstance(found, Mapping):
        raise ValueError(f"{where} must be a mapping of fields, and is {found!r}")
    hints = get_type_hints(plan)
    unknown = [str(name) for name in found if name not in hints]
    if unknown:
        near = difflib.get_close_matches(unknown[0], list(hints), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(hints)}"
        raise ValueError(f"{where}: unknown field {unknown[0]!r}{hint}")
    values = {str(name): _value(hints[str(name)], value, f"{where}: {name}") for name, value in found.items()}
    try:
        return plan(**values)
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from error


def _value(wanted: Any, value: object, where: str) -> object:
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
        return build(wanted, value, where)
    if get_origin(wanted) is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{where} must be a list, and is {value!r}")
        return tuple(_value(get_args(wanted)[0], one, where) for one in value)
    if get_origin(wanted) in (Union, UnionType):
        return None if value is None else _value(get_args(wanted)[0], value, where)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return wanted(value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        # YAML reads 5e-4 as text: only 5.0e-4 is a number to it.
        if wanted is float and isinstance(value, str) and _is_number(value):
            return float(value)
        raise ValueError(f"{where} must be of type {wanted.__name__}, and is {value!r}")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

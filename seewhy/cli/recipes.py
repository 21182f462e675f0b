"""Recipes as text: printed as YAML, read back, and refused by name where a field is unknown."""

import dataclasses
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from seewhy.cli.find import find_module, names_in, nearest
from seewhy.recipes.inkgrid_base import BaseRecipe
from seewhy.recipes.plans import Recipe
from seewhy.records.files import write_text_atomically

P = TypeVar("P")
AnyRecipe = Recipe | BaseRecipe
SUFFIXES = (".yaml", ".yml")
WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def recipe_names() -> list[str]:
    """The recipes that come with seewhy, as they are typed."""
    return [name.replace("_", "-") for name in names_in("recipes") if name != "plans"]


def recipe_sentence(name: str) -> str:
    """What a recipe says of itself in its first line."""
    return (find_module("recipes", name.replace("-", "_")).__doc__ or "").splitlines()[0]


def find_recipe(name: str, seed: int | None = None) -> AnyRecipe:
    """The recipe of a YAML file, or of `seewhy/recipes/<name>.py`, `-` for `_`; its own seeds, or `seed` for all.

    Raises:
        ValueError: there is no such recipe; the message names the nearest.
    """
    if name.endswith(SUFFIXES):
        found = read_recipe(Path(name))
        return found if seed is None else reseed(found, seed)
    plain = name.replace("_", "-")
    if "." not in name and plain not in recipe_names():
        raise ValueError(f"there is no recipe {name!r}{nearest(plain, recipe_names())} (A recipe's file ends in .yaml)")
    made = find_module("recipes", name.replace("-", "_"))
    if "recipe" not in vars(made):
        raise ValueError(f"{name} has no function `recipe`, which returns the plans of a run")
    return made.recipe() if seed is None else made.recipe(seed)


def reseed(plan: P, seed: int) -> P:
    """The same plans with every field called `seed` at `seed`."""
    if not dataclasses.is_dataclass(plan) or isinstance(plan, type):
        return plan
    old = {field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)}
    return dataclasses.replace(
        plan, **{name: seed if name == "seed" else reseed(one, seed) for name, one in old.items()}
    )


def recipe_text(recipe: AnyRecipe) -> str:
    """The recipe as YAML, fields in order."""
    plain = as_yaml(dataclasses.asdict(recipe))
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
    # The one character that PyYAML writes as it is and reads back as a line's end.
    return text if "\x85" not in text else yaml.safe_dump(plain, sort_keys=False)


def as_yaml(value: object) -> object:
    """Tuples as lists and enums as their text, all the way down."""
    match value:
        case dict():
            return {name: as_yaml(one) for name, one in value.items()}
        case list() | tuple():
            return [as_yaml(one) for one in value]
        case Enum():
            return value.value
        case _:
            return value


def save_recipe(path: Path, recipe: AnyRecipe) -> None:
    """Write the recipe as YAML, whole or not at all."""
    write_text_atomically(path, recipe_text(recipe))


def read_recipe(path: Path) -> AnyRecipe:
    """The recipe of a YAML file: of a model to make where it has a `tower`, else of a model to teach.

    Raises:
        ValueError: the file is missing or no YAML mapping, or a field is unknown, missing or of another type.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(
            f"{path}: no such file; `seewhy recipe show inkgrid > {path}` writes one to start from"
        ) from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML ({error})") from error
    makes = isinstance(found, Mapping) and "tower" in found
    return build(BaseRecipe, found, str(path)) if makes else build(Recipe, found, str(path))


def build(plan: type[P], found: object, path: str, place: str = "") -> P:
    """A plan from plain values; every unknown, missing or ill-typed field is refused by its file and dotted place."""
    where = f"{path}: {place}" if place else path
    if not isinstance(found, Mapping):
        raise ValueError(f"{where} must be a mapping of fields, and is {found!r}")
    hints = get_type_hints(plan)
    for name in found:
        if name not in hints:
            raise ValueError(f"{where}: unknown field {name!r}{nearest(str(name), list(hints))}")
    values = {
        str(name): _value(hints[str(name)], value, path, f"{place}.{name}" if place else str(name))
        for name, value in found.items()
    }
    missing = [name for name in _required(plan) if name not in values]
    if missing:
        raise ValueError(f"{where}: field {missing[0]!r} is missing; `seewhy recipe show inkgrid` shows all fields")
    try:
        return plan(**values)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _required(plan: type) -> list[str]:
    """Fields without a default."""
    if not dataclasses.is_dataclass(plan):
        return []
    unset = dataclasses.MISSING
    return [one.name for one in dataclasses.fields(plan) if one.default is unset and one.default_factory is unset]


def _value(wanted: object, value: object, path: str, place: str) -> object:
    """`value` as the type that a field asks for."""
    inner = get_args(wanted)
    if get_origin(wanted) is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{path}: {place} must be a list, and is {value!r}")
        return tuple(_value(inner[0], one, path, f"{place}.{number}") for number, one in enumerate(value))
    if get_origin(wanted) in (Union, UnionType):
        return None if value is None else _value(inner[0], value, path, place)
    if not isinstance(wanted, type):
        raise TypeError(f"{place} has the type {wanted!r}, which no YAML is read as")
    if dataclasses.is_dataclass(wanted):
        return build(wanted, value, path, place)
    if issubclass(wanted, Enum):
        known = [str(one.value) for one in wanted]
        if value not in known:
            raise ValueError(f"{path}: {place} is {value!r}{nearest(str(value), known)}")
        return wanted(value)
    return _scalar(wanted, value, f"{path}: {place}")


def _scalar(wanted: type, value: object, where: str) -> object:
    if wanted is float and isinstance(value, int | str) and not isinstance(value, bool):
        # YAML reads 5e-4 as text: only 5.0e-4 is a number to it.
        number = _number(value)
        if number is not None:
            return number
    # Of bool and int exactly, for True is an int to Python.
    if type(value) is not wanted:
        raise ValueError(f"{where} must be {WORDS.get(wanted, wanted.__name__)}, and is {value!r}")
    return value


def _number(value: int | str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None

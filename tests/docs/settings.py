"""Settings that a page names: found in the code by their dotted names, as a recipe writes them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import yaml

from seewhy.runs.choice import layer_of
from seewhy.runs.discovery import class_of, kind_names
from seewhy.runs.machine import Machine, ModelSpec
from seewhy.runs.recipe import Recipe
from seewhy.stages.online import Online
from seewhy.stages.train import Train

ROOTS = (Train, Online, ModelSpec, Recipe)
"""Where a setting may stand that a page about trainings names without its step."""
NAMED = re.compile(r"`([^`]+)`(?: \(([^)`]+)\))?")


def tables(page: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Tables of a page: the cells of their heads, and of their rows."""
    for block in re.findall(r"(?:^\|.*\n?)+", page, re.MULTILINE):
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block.strip().split("\n")]
        yield rows[0], rows[2:]


def named(cell: str) -> list[tuple[str, str]]:
    """What a cell names before its first colon outside of code, each with the default in brackets behind it, or "".

    Example:
        >>> named("`beta` (0.1), `objective: {kind: dpo}`: of `dpo`")
        [('beta', '0.1'), ('objective: {kind: dpo}', '')]
    """
    return NAMED.findall(_parted(cell)[0])


def kinds(cell: str) -> list[str]:
    """What a cell names behind that colon.

    Example:
        >>> kinds("`objective.kind`: `dpo`, `mpo`")
        ['dpo', 'mpo']
    """
    return [name for name, _ in NAMED.findall(_parted(cell)[1])]


def _parted(cell: str) -> tuple[str, str]:
    parts = cell.split("`")
    for number in range(0, len(parts), 2):
        if ":" in parts[number]:
            before, _, after = parts[number].partition(":")
            return "`".join([*parts[:number], before]), "`".join([after, *parts[number + 1 :]])
    return cell, ""


def same(text: str, value: object) -> bool:
    """Whether a default is the one that a page writes.

    Example:
        >>> same("1e-6", 1e-06), same('["sigmoid"]', ["sigmoid"]), same("0", None)
        (True, True, False)
    """
    value = value.value if isinstance(value, Enum) else value
    try:
        return float(text) == value and not isinstance(value, bool)
    except ValueError:
        return yaml.safe_load(text) == value


def defaults_of(path: str) -> list[object]:
    """Defaults of all settings of that name: MISSING where one needs a value, empty where there is no such setting."""
    first, *rest = path.split(".")
    if first == "machine":
        return list(_below(Machine, rest)) if rest else [MISSING]
    return [value for root in ROOTS for value in _below(root, [first, *rest])]


def _below(kind: type, names: list[str], held: object = MISSING) -> Iterator[object]:
    found = {one.name: one for one in fields(kind)}.get(names[0])
    if found is None:
        return
    value = getattr(held, names[0]) if held is not MISSING else _default(found)
    hint = _plain(get_type_hints(kind, include_extras=True)[names[0]])
    if len(names) == 1:
        yield value
    elif is_dataclass(hint) and "Choice" not in str(hint):
        yield from _below(hint, names[1:], value)
    elif get_origin(hint) in (Mapping, dict) and "Choice" not in str(hint):
        inner = get_args(hint)[1]
        yield from (_below(inner, names[2:]) if is_dataclass(inner) else [MISSING])
    elif "Choice" in str(hint):
        layer = layer_of(get_type_hints(kind, include_extras=True)[names[0]])
        if names[1] == "kind":
            yield MISSING
        for name in kind_names(layer):
            yield from _below(class_of(layer, name), names[1:])


def _plain(hint: Any) -> Any:
    """A type without its marks and without None."""
    if get_origin(hint) in (Union, UnionType):
        return _plain(next(one for one in get_args(hint) if one is not type(None)))
    return hint if get_origin(hint) is not Annotated or "Choice" in str(hint) else get_args(hint)[0]


def _default(one: Any) -> object:
    return one.default_factory() if one.default_factory is not MISSING else one.default


def require(name: str, default: str, place: str) -> None:
    """AssertionError where a page names a setting that does not exist, with another default or an unknown kind."""
    if "{" in name:
        for path, value in _leaves(yaml.safe_load(name)):
            require(path, "", place)
            if path.endswith(".kind"):
                require_kind(path, str(value), place)
        return
    held = defaults_of(name)
    assert held, f"{place}: there is no setting {name}"
    assert not default or any(same(default, value) for value in held), f"{place}: the default of {name} is {held}"


def require_kind(path: str, value: str, place: str) -> None:
    """AssertionError where a kind of an objective, an engine or a distribution does not exist."""
    if path == "objective.kind":
        assert value in kind_names("objectives"), f"{place}: there is no objective {value}"
    else:
        assert (path, value) in {("engine.kind", "server"), ("machine.shard.kind", "sharded")}, (
            f"{place}: {path} {value}"
        )


def _leaves(data: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value

"""Settings that fingerprints hold: fields of stages and of the plans in them, with their defaults, as plain JSON."""

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_args, get_type_hints

from seewhy.records.canonical import as_plain
from seewhy.records.marks import IS_RARE
from seewhy.runs.choice import Choice
from seewhy.runs.discovery import names_in

UNITS = ("needs", "units")
"""Methods by which stages and their units are known."""


def stage_settings() -> dict[str, dict[str, object]]:
    """Class to field to default, of every field that a fingerprint holds though nobody has set it."""
    found: dict[str, dict[str, object]] = {}
    waiting = [
        unit for name in names_in("stages") for unit in _units_of(importlib.import_module(f"seewhy.stages.{name}"))
    ]
    while waiting:
        kind = waiting.pop()
        name = f"{kind.__module__.removeprefix('seewhy.')}.{kind.__name__}"
        if name in found:
            continue
        held = [one for one in fields(kind) if one.compare and IS_RARE not in one.metadata]
        found[name] = {one.name: _default(one) for one in held}
        hints = get_type_hints(kind, include_extras=True)
        waiting += [inner for one in held for inner in _plans_in(hints[one.name])]
    return dict(sorted(found.items()))


def changes(before: dict[str, dict[str, object]], now: dict[str, dict[str, object]]) -> list[str]:
    """What has changed in classes that are in both, a line each.

    Example:
        >>> changes({"a.Plan": {"rank": 0}}, {"a.Plan": {"rank": 1, "dropout": 0}, "b.New": {"c": 1}})
        ['a.Plan.dropout: absent before, 0 now', 'a.Plan.rank: 0 before, 1 now']
    """
    lines: list[str] = []
    for kind in sorted(before.keys() & now.keys()):
        for name in sorted(before[kind].keys() | now[kind].keys()):
            old, new = before[kind].get(name, "absent"), now[kind].get(name, "absent")
            if old != new:
                lines.append(f"{kind}.{name}: {old} before, {new} now")
    return lines


def _units_of(module: Any) -> Iterator[type[Any]]:
    for thing in vars(module).values():
        is_own = inspect.isclass(thing) and thing.__module__ == module.__name__ and is_dataclass(thing)
        if is_own and any(name in vars(thing) for name in UNITS):
            yield thing


def _plans_in(hint: object) -> Iterator[type[Any]]:
    if inspect.isclass(hint) and is_dataclass(hint) and hint is not Choice and hint.__module__.startswith("seewhy."):
        yield hint
    for inner in get_args(hint):
        yield from _plans_in(inner)


def _default(one: Field[Any]) -> object:
    if one.default is not MISSING:
        return as_plain(one.default)
    if one.default_factory is MISSING:
        return "needed"
    made = one.default_factory()
    # A plan's own fields are listed by its class.
    return type(made).__name__ if is_dataclass(made) and not isinstance(made, Choice) else as_plain(made)

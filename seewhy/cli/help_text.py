"""Help for recipes and stages: every field with its default and what it is for, from the plans themselves."""

import ast
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, get_type_hints

from seewhy.runs.choice import Choice, layer_of
from seewhy.runs.discovery import kind_names

INDENT = "      "


@lru_cache(maxsize=256)
def field_docs(kind: type[Any]) -> Mapping[str, str]:
    """What a class says of each of its fields: the text below it.

    Example:
        >>> from seewhy.runs.machine import Machine
        >>> field_docs(Machine)["pace"]
        'How fast servers are asked, and how patiently.'
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for one, after in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(one, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[ast.unparse(one.target)] = " ".join(str(after.value.value).split())
    return found


def options_of(prefix: str, kind: type[Any], value: object) -> Iterator[tuple[str, str, str]]:
    """Option, value and text of each field of a plan, plans within it included."""
    hints = get_type_hints(kind, include_extras=True)
    docs = field_docs(kind)
    for one in dataclasses.fields(kind):
        if not one.init:
            continue
        name = f"{prefix}.{one.name.replace('_', '-')}" if prefix else one.name.replace("_", "-")
        held = getattr(value, one.name) if value is not None else _default(one)
        if isinstance(held, Choice):
            layer = layer_of(hints[one.name])
            yield name, held.kind, f"{docs.get(one.name, '')} Kinds: {', '.join(kind_names(layer))}."
            for setting, given in held.settings.items():
                yield f"{name}.{setting.replace('_', '-')}", str(given), ""
        elif dataclasses.is_dataclass(held) and not isinstance(held, type):
            yield from options_of(name, type(held), held)
        else:
            yield name, shown(held), docs.get(one.name, "")


def _default(one: dataclasses.Field[Any]) -> object:
    if one.default is not dataclasses.MISSING:
        return one.default
    return one.default_factory() if one.default_factory is not dataclasses.MISSING else None


def shown(value: object) -> str:
    """A value as an option takes it.

    Example:
        >>> shown(("direct", "reason")), shown(True), shown(None), shown("")
        ('direct reason', 'true', '', "''")
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case tuple():
            return " ".join(str(one) for one in value)
        case dict():
            return ", ".join(f"{name}: {one}" for name, one in value.items())
        case _:
            return str(value) or "''"


def option_lines(prefix: str, kind: type[Any], value: object) -> Iterator[str]:
    """Lines of help: an option with its value, and below it what it is for."""
    for name, default, text in options_of(prefix, kind, value):
        yield f"  --{name} {default}".rstrip()
        yield from textwrap.wrap(text, width=104, initial_indent=INDENT, subsequent_indent=INDENT)

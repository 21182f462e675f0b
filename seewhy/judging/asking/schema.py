"""The part of JSON Schema that judges' forms use: written for servers that force it, checked for those that do not."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from seewhy.endpoints.chat import ResponseFormat

Schema = Mapping[str, object]


def object_of(**properties: Schema) -> Schema:
    """An object that has exactly these properties, in this order."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def list_of(each: Schema, *, least: int, most: int) -> Schema:
    """A list of `least` to `most` things of one schema."""
    return {"type": "array", "items": each, "minItems": least, "maxItems": most}


def one_of(*values: str | float) -> Schema:
    """One of these values."""
    return {"enum": list(values)}


TEXT: Schema = {"type": "string"}
WHOLE_NUMBER: Schema = {"type": "integer"}


def form_of(name: str, schema: Schema) -> ResponseFormat:
    """The form that a request asks for.

    Example:
        >>> form_of("score", object_of(score=one_of(1, 2))).schema[:36]
        '{"type": "object", "properties": {"s'
    """
    return ResponseFormat(name=name, schema=json.dumps(schema))


def fault_of(value: object, schema: Schema, place: str = "") -> str:
    """What is wrong with a value, with its place; empty where it has the schema.

    An object has no property that its schema does not name, and a truth value is no number.

    Example:
        >>> fault_of({"score": 7}, object_of(score=one_of(1, 2)))
        'score: 7 is not among 1, 2'
    """
    if "enum" in schema:
        return _fault_of_choice(value, cast(Sequence[object], schema["enum"]), place)
    match schema.get("type"), value:
        case "object", dict():
            return _fault_of_object(cast(dict[str, object], value), schema, place)
        case "array", list():
            return _fault_of_list(cast(list[object], value), schema, place)
        case "string", str():
            return ""
        case "integer", int() | float() if not isinstance(value, bool) and float(value).is_integer():
            return ""
        case wanted, _:
            return _at(place, f"{_short(value)} is no {wanted}")


def _fault_of_choice(value: object, choices: Sequence[object], place: str) -> str:
    is_choice = any(value == choice and isinstance(value, bool) == isinstance(choice, bool) for choice in choices)
    return "" if is_choice else _at(place, f"{_short(value)} is not among {', '.join(map(str, choices))}")


def _fault_of_object(value: dict[str, object], schema: Schema, place: str) -> str:
    properties = cast(Mapping[str, Schema], schema["properties"])
    for name in properties:
        if name not in value:
            return _at(place, f"{name} is missing")
    for name, inner in value.items():
        if name not in properties:
            return _at(place, f"{name[:40]!r} was not asked for")
        if fault := fault_of(inner, properties[name], f"{place}.{name}".lstrip(".")):
            return fault
    return ""


def _fault_of_list(value: list[object], schema: Schema, place: str) -> str:
    least, most = cast(int, schema["minItems"]), cast(int, schema["maxItems"])
    if not least <= len(value) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        return _at(place, f"{len(value)} where {wanted} were asked for")
    faults = (fault_of(inner, cast(Schema, schema["items"]), f"{place}.{at}") for at, inner in enumerate(value))
    return next(filter(None, faults), "")


def _at(place: str, fault: str) -> str:
    return f"{place}: {fault}" if place else fault


def _short(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:40]

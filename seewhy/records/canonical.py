"""Plans as plain JSON: equal plans give equal text, and two plans can be compared field by field."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any

from seewhy.records.marks import IS_RARE


def canonical_json(value: object) -> str:
    """JSON that is equal for equal values: keys sorted, no spaces, dataclasses with their class name.

    A field that is marked `RARE` and holds its default is left out.

    Takes dataclasses, mappings, tuples, lists, sets, enums, paths, str, int, float, bool and None, nested as you like;
    2.0 and 2 are one number, as they are in Python.

    Raises:
        TypeError: a value of another type; the message names the field.
    """
    return json.dumps(as_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_json(value: object) -> str:
    """SHA-256 of `canonical_json`, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def as_plain(value: object, place: str = "plan") -> object:
    """What `canonical_json` writes for a value; `place` is the dotted name that an error gives."""
    match value:
        case Enum():
            return as_plain(value.value, place)
        case None | bool() | str() | int():
            return value
        case float():
            return _plain_number(value)
        case PurePath():
            return value.as_posix()
        case Mapping():
            return {_require_name(key, place): as_plain(inner, f"{place}.{key}") for key, inner in value.items()}
        case tuple() | list():
            return [as_plain(inner, f"{place}.{number}") for number, inner in enumerate(value)]
        case set() | frozenset():
            return sorted((as_plain(inner, place) for inner in value), key=canonical_json)
        case _ if is_dataclass(value) and not isinstance(value, type):
            names = (field.name for field in fields(value) if field.compare and not is_left_out(value, field))
            plain = {name: as_plain(getattr(value, name), f"{place}.{name}") for name in names}
            return {"type": type(value).__name__, **plain}
        case _:
            raise TypeError(
                f"{place} is a {type(value).__name__}, which JSON cannot hold. "
                "A plan is made of dataclasses, mappings, tuples, enums, paths, text, numbers and None"
            )


def flatten_plain(plain: object, place: str = "") -> dict[str, object]:
    """A plan as dotted field names to values, to compare two of them.

    Example:
        >>> flatten_plain({"plan": {"seed": 1, "sizes": [3, 4]}})
        {'plan.seed': 1, 'plan.sizes.0': 3, 'plan.sizes.1': 4}
    """
    match plain:
        case dict() | list() if plain:
            parts = plain.items() if isinstance(plain, dict) else enumerate(plain)
            flat: dict[str, object] = {}
            for name, inner in parts:
                flat |= flatten_plain(inner, f"{place}.{name}" if place else str(name))
            return flat
        case _:
            return {place: plain}


def is_left_out(value: object, field: Field[Any]) -> bool:
    """Whether a field is marked `RARE` and holds its default."""
    if IS_RARE not in field.metadata:
        return False
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return default is not MISSING and getattr(value, field.name) == default


def _plain_number(value: float) -> object:
    if not math.isfinite(value):
        return repr(value)  # JSON has no infinity
    # Above 2**53 not every integer is a float, so the two are no longer one number.
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _require_name(key: object, place: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{place} has the key {key!r}, which is a {type(key).__name__}; keys are text")
    return str(key)

"""Numbers and characters of anyone's tables as text, in one spelling wherever ids are joined or answers compared."""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

HALF = re.compile(r"[\ud800-\udfff]")
"""A lone surrogate: half of a character outside the basic plane, which no file can hold."""
WHOLE = "\ufffd"
"""Replaces half a character in a reply."""
MOST_BITS = 1023
"""Of a whole number that is one of floating point too."""


def number_text(value: float) -> str:
    """A number written out: whole ones without a point, no exponent.

    Example:
        >>> [number_text(value) for value in (12.0, 0.00001, 1e22, 7, -0.5)]
        ['12', '0.00001', '10000000000000000000000', '7', '-0.5']

    Raises:
        ValueError: it is infinite or not a number.
    """
    if isinstance(value, int) or value == 0:
        return str(int(value))
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def named_once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """The fields of a JSON object, as `object_pairs_hook` of `json.loads`, which would keep the last of two alike.

    Example:
        >>> named_once([("id", 1), ("text", "a")])
        {'id': 1, 'text': 'a'}

    Raises:
        ValueError: a name occurs more than once.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"field {twice!r} stands there {names.count(twice)} times; keep one")
    return found


def has_halves(text: str) -> bool:
    """Whether a text holds half a character.

    Example:
        >>> has_halves("a" + chr(0xD83D)), has_halves("a" + chr(0x1F600))
        (True, False)
    """
    return not text.isascii() and HALF.search(text) is not None


def mend_halves(found: object) -> object:
    """The same texts, lists and objects with U+FFFD in place of halves of characters.

    Example:
        >>> mend_halves({"reply": ["yes " + chr(0xD83D)]}) == {"reply": ["yes " + WHOLE]}
        True
    """
    match found:
        case str():
            return HALF.sub(WHOLE, found) if has_halves(found) else found
        case list():
            return [mend_halves(one) for one in found]
        case Mapping():
            return {mend_halves(name): mend_halves(value) for name, value in found.items()}
        case _:
            return found

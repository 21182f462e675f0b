"""A row as its file has it, each field read with a check whose error names the field and the remedy."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from seewhy.formats.rows.example import Picture
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.records.cells import MOST_BITS, has_halves, number_text

NOTE = "seewhy"
"""Key under which our files say what the format itself has no field for; other tools leave it alone."""
SHOWN = 60
NOTHING = (None, "[]", "{}", "null")
"""What a field holds that says nothing; some tools keep lists as JSON text."""


class FindsPictures(Protocol):
    """Pictures by what a row says of them."""

    def find(self, value: object, field: str) -> Picture:
        """The picture of a path, of bytes, of `{"bytes", "path"}`, of base64 or of a data URI; RowError where none."""
        ...

    def stored(self, path: Path, digest: str, field: str) -> Picture:
        """The picture of a file that our own rows name with its hash; RowError where it has another."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row."""

    place: str
    """File and row, as `pairs.jsonl:3`."""
    fields: Mapping[str, object]
    pictures: FindsPictures
    longest: int
    """Characters of a text, at most."""

    def value(self, name: str) -> object:
        """What the row has under a name; None where it has nothing, an empty text and list included."""
        found = self.fields.get(name)
        return None if found is None or found == "" or found == [] else found

    def need(self, name: str) -> object:
        """The same, which must be there."""
        found = self.value(name)
        if found is None:
            reason = Reason.EMPTY if name in self.fields else Reason.MISSING
            said = (
                "is empty" if name in self.fields else f"is missing; the row has {', '.join(self.fields) or 'nothing'}"
            )
            raise RowError(reason, f"field {name!r} {said}; give it, or take the row out")
        return found

    def text(self, name: str) -> str:
        """A text that is not empty."""
        return self.whole(self.need(name), name)

    def text_or(self, name: str, default: str = "") -> str:
        """A text, a number as text included, which may be missing."""
        found = self.value(name)
        return default if found is None else self.word(found, name)

    def word(self, found: object, name: str) -> str:
        """A text, or a number written out."""
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(found) if isinstance(found, int) else number_text(self.finite(found, name))
        return self.whole(found, name)

    def whole(self, found: object, name: str) -> str:
        """A text that can be written to any file, is not blank and not longer than texts may be."""
        text = self.any_text(found, name)
        if not text.strip():
            raise RowError(Reason.EMPTY, f"field {name!r} is blank; give it a text, or take the row out")
        return text

    def any_text(self, found: object, name: str) -> str:
        """The same, blank ones included."""
        if not isinstance(found, str):
            raise RowError(
                Reason.TYPE, f"field {name!r} must be text, and is {shown(found)}; mend it, or take the row out"
            )
        if len(found) > self.longest:
            raise RowError(
                Reason.LONG, f"field {name!r} has {len(found):,} characters, and at most {self.longest:,} are read; "
                "shorten it, or raise --max-characters",
            )  # fmt: skip
        if has_halves(found):
            raise RowError(Reason.HALF, f"field {name!r} holds half a character (a lone surrogate): write the whole "
                           "one or take it out")  # fmt: skip
        return found

    def finite(self, found: object, name: str) -> float:
        """A number that is neither infinite nor NaN."""
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise RowError(
                Reason.TYPE, f"field {name!r} must be a number, and is {shown(found)}; mend it, or take the row out"
            )
        if isinstance(found, int) and found.bit_length() > MOST_BITS:
            raise RowError(Reason.NUMBER, f"field {name!r} is a number of {found.bit_length():,} bits: give one below "
                           "1e308, or leave the field out")  # fmt: skip
        if not math.isfinite(found):
            raise RowError(Reason.NUMBER, f"field {name!r} is {found}: give a finite number, or leave the field out")
        return float(found)

    def number_or(self, name: str) -> float | None:
        """A number that may be missing."""
        found = self.value(name)
        return None if found is None else self.finite(found, name)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or one text, which may be missing."""
        found = self.value(name)
        if found is None:
            return ()
        parts = cast(list[object], found) if isinstance(found, list) else [found]
        return tuple(self.word(part, name) for part in parts)

    def items(self, name: str) -> list[object]:
        """A list, which may be missing; one value that is no list is a list of one."""
        found = self.value(name)
        if found is None:
            return []
        return cast(list[object], found) if isinstance(found, list) else [found]

    def looks(self, *names: str) -> tuple[Picture, ...]:
        """The pictures of the one of some fields that has any.

        Raises:
            RowError: a picture cannot be read, or two of the fields have different ones.
        """
        filled = {name: [one for one in self.items(name) if one is not None] for name in names}
        found = {name: tuple(self.pictures.find(one, name) for one in held) for name, held in filled.items() if held}
        if len({tuple(one.sha256 for one in pictures) for pictures in found.values()}) > 1:
            raise RowError(Reason.TYPE, f"fields {' and '.join(map(repr, found))} hold different pictures; keep one")
        return next(iter(found.values()), ())

    def nested(self, name: str) -> "Row":
        """An object within the row, as a row at the same place; empty where it is missing."""
        found = self.fields.get(name)
        if found is not None and not isinstance(found, Mapping):
            raise RowError(
                Reason.TYPE, f"field {name!r} must be an object, and is {shown(found)}; mend it, or take it out"
            )
        return self.within(found or {})

    def within(self, fields: object) -> "Row":
        """Other fields at the same place."""
        held = cast(Mapping[str, object], fields)
        return Row(place=self.place, fields=held, pictures=self.pictures, longest=self.longest)

    def refuse(self, names: Sequence[str], what: str) -> None:
        """Raise RowError where one of some fields is filled."""
        for name in names:
            if self.value(name) not in NOTHING:
                raise RowError(Reason.UNHELD, f"field {name!r}: {what} are not read by seewhy; take the row out")

    def note(self) -> "Row":
        """What seewhy wrote of a row that the format has no field for: an object, or its JSON text."""
        found = self.fields.get(NOTE)
        if not isinstance(found, str) or not found:
            return self.nested(NOTE) if found else self.within({})
        try:
            note: object = json.loads(found)
        except ValueError as error:
            raise RowError(Reason.SYNTAX, f"field {NOTE!r} is no JSON ({error}); take it out") from error
        return self.within({NOTE: note}).nested(NOTE)


def shown(value: object) -> str:
    """The beginning of a value, in one line, whatever it holds."""
    text = ascii(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."

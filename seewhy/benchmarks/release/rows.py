"""A row of a release: its fields, each read with a check whose error names the field."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from seewhy.benchmarks.lines.fields import word_of, words_of
from seewhy.benchmarks.release.pictures import Picture, from_base64
from seewhy.records.files import is_file
from seewhy.records.types import MatchRule, Split

UNKNOWN = "not given"
"""A facet that this layout of the release does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, and where it is."""

    place: str
    """File and row, as `problems.json:17`."""
    fields: Mapping[str, object]
    file: Path
    root: Path
    """The folder that the user named."""
    split: Split
    names: tuple[str, ...]
    """What the release calls the split."""
    number: int
    """Rows before it in the files of the split."""
    bare: bool = False
    """Whether pictures are left alone."""

    def has(self, name: str) -> bool:
        """Whether the field is there and not empty."""
        value = self.fields.get(name)
        return value is not None and value != "" and value != []

    def value(self, *names: str) -> tuple[str, object]:
        """The first of some fields that is there and not empty, with its name.

        Raises:
            ValueError: none is.
        """
        for name in names:
            if self.has(name):
                return name, self.fields[name]
        others = f" (or {', '.join(names[1:])})" if names[1:] else ""
        raise ValueError(f"field {names[0]!r}{others} is missing or empty")

    def word(self, *names: str) -> str:
        """Text, or a number as text."""
        return word_of(*self.value(*names))

    def text(self, *names: str) -> str:
        """Text that may be missing: then it is empty."""
        return self.word(*names) if any(self.has(name) for name in names) else ""

    def facet(self, *names: str) -> str:
        """The value of a breakdown; UNKNOWN where this layout lacks it."""
        return self.text(*names) or UNKNOWN

    def words(self, *names: str) -> tuple[str, ...]:
        """A list of texts, which may be in the row as the text of a list: `"['a', 'b']"`."""
        name, value = self.value(*names)
        return words_of(name, listed(name, value))

    def answers(self, *names: str) -> tuple[str, ...]:
        """Gold answers: a text, a list or text that shows a list; none where the split hides them.

        What annotators left empty is no answer.
        """
        if not any(self.has(name) for name in names):
            return ()
        name, value = self.value(*names)
        found = listed(name, value)
        parts = cast(list[object], found) if isinstance(found, list) else [found]
        return words_of(name, [part for part in parts if part is not None and part != ""])

    def integer(self, *names: str) -> int:
        """A whole number, perhaps as text."""
        name, value = self.value(*names)
        try:
            return int(word_of(name, value))
        except ValueError as error:
            raise ValueError(f"field {name!r} must be a whole number, and is {value!r}") from error

    def is_true(self, name: str) -> bool:
        """A flag, `true` or `false`; false where it is missing."""
        value = self.fields.get(name)
        if value not in (None, True, False, "True", "False", "true", "false"):
            raise ValueError(f"field {name!r} must be true or false, and is {value!r}")
        return value in (True, "True", "true")

    def nested(self, name: str) -> "Row":
        """The object under a field, as a row of its own at the same place; empty where there is none."""
        found = self.fields.get(name) or {}
        if not isinstance(found, dict):
            raise ValueError(f"field {name!r} must be an object, and is {found!r:.80}")
        return self.with_fields(cast(dict[str, object], found))

    def with_fields(self, fields: Mapping[str, object]) -> "Row":
        """Other fields at the same place."""
        return replace(self, fields=fields)

    def is_ours(self, *names: str) -> bool:
        """Whether the row's own word for its split, where it has one, is a name of the split that is read."""
        return not any(self.has(name) for name in names) or self.word(*names) in self.names

    def pictures(self, name: str, *places: str) -> tuple[Picture, ...]:
        """The pictures of a field that may be empty: bytes, the Hub's `{"bytes", "path"}`, base64 in a TSV, or paths.

        A path is looked for next to the row's file and under the root, there in each of `places`, in which `{}` stands
        for what the row says.
        """
        if self.bare or not self.has(name):
            return ()
        value = self.fields[name]
        if self.file.suffix == ".tsv" and isinstance(value, str):
            return self.encoded(name)
        parts = cast(list[object], value) if isinstance(value, list) else [value]
        return tuple(self._picture(name, part, places) for part in parts)

    def encoded(self, name: str) -> tuple[Picture, ...]:
        """Pictures in the row as base64."""
        if self.bare:
            return ()
        _, value = self.value(name)
        texts = words_of(name, listed(name, value)) if str(value).startswith("[") else (word_of(name, value),)
        return tuple(self._held(name, from_base64(text, name)) for text in texts)

    def file_picture(self, field: str, name: str, *places: str) -> tuple[Picture, ...]:
        """The picture in the file that the row names in another way, as by its number."""
        return () if self.bare else (Picture(field=field, path=self._find(name, places)),)

    def _picture(self, name: str, value: object, places: tuple[str, ...]) -> Picture:
        match value:
            case bytes():
                return self._held(name, value)
            case {"bytes": bytes() as payload}:
                return self._held(name, payload)
            case {"path": str() as path} | str(path):
                return Picture(field=name, path=self._find(path, places))
            case _:
                raise ValueError(f"field {name!r} must hold a picture or its path, and is {value!r:.80}")

    def _held(self, name: str, payload: bytes) -> Picture:
        return Picture(field=name, payload=payload, place=f"{self.place}#{name}")

    def _find(self, name: str, places: tuple[str, ...]) -> Path:
        """The file that is there; else where it should be, for whoever looks at it to tell."""
        tried = [base / place.replace("{}", name) for base in dict.fromkeys((self.file.parent, self.root))
                 for place in (*places, "{}", "images/{}")]  # fmt: skip
        return next((path for path in tried if is_file(path)), tried[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuestion:
    """What a row asks: a question without what the release knows of it already."""

    key: str
    """The release's own id, unique in its split."""
    text: str
    answers: tuple[str, ...]
    facets: Mapping[str, str]
    pictures: tuple[Picture, ...] = ()
    context: str = ""
    options: tuple[str, ...] = ()
    rule: MatchRule | None = None
    """Where it is not the release's."""
    rationale: str = ""


def listed(name: str, value: object) -> object:
    """A list given as text, as a list; all else as it is."""
    if not (isinstance(value, str) and value.lstrip().startswith("[")):
        return value
    try:
        return ast.literal_eval(value.strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"field {name!r} looks like a list and is none: {value!r:.80}") from error


def flags(names: Iterable[str], found: Iterable[str]) -> dict[str, str]:
    """A facet of yes or no for each name: for breakdowns that overlap.

    Example:
        >>> flags(("TXT", "IMG"), {"IMG"})
        {'TXT': 'no', 'IMG': 'yes'}
    """
    there = set(found)
    return {name: "yes" if name in there else "no" for name in names}

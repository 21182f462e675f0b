"""Rows of a table (CSV, TSV, Parquet, Arrow) as fields of a question: a cell of CSV is its text."""

import difflib
import json
import string
from collections.abc import Mapping, Sequence
from typing import cast

from seewhy.benchmarks.lines.fields import FIELDS
from seewhy.benchmarks.lines.turns import LISTS, SYSTEM

NAMED = (*FIELDS, *LISTS, SYSTEM)
"""Columns that are read under these names."""
FACET = "facets."
INDEX = "index"
"""What many tables call the id of a row."""
LIKE = 0.8
"""A column whose name is so much like a field's is taken for a slip of the pen, and not for a column to leave out."""
LISTED = ("options", "answers", "images")
IMAGE = "image"


def known_column(name: str) -> bool:
    """Whether a column is read.

    Raises:
        ValueError: it is like one that is, and is not.
    """
    if name in NAMED or name == INDEX or name.startswith(FACET) or (len(name) == 1 and name in string.ascii_uppercase):
        return True
    near = difflib.get_close_matches(name.casefold(), NAMED, n=1, cutoff=LIKE)
    if near:
        raise ValueError(f"column {name!r} is read as nothing; did you mean {near[0]!r}? Rename it, or take it out")
    return False


def fields_of_cells(cells: Mapping[str, object], *, is_text: bool) -> dict[str, object]:
    """The fields of a row; empty cells are left out.

    Args:
        cells: by column, those that are read.
        is_text: whether each cell is text, as in CSV: then lists are JSON lists.

    Raises:
        ValueError: columns of options have a gap, or a list is none.
    """
    found = {name: value for name, value in cells.items() if value is not None and value != ""}
    fields: dict[str, object] = {name: value for name, value in found.items() if name in NAMED}
    if INDEX in found and "id" not in found:
        fields["id"] = found[INDEX]
    for name in (*LISTED, *LISTS, "facets"):
        if is_text and name in fields:
            fields[name] = _json(name, str(fields[name]))
    if options := _lettered(found):
        if "options" in fields:
            raise ValueError("columns 'options' and 'A', 'B', ... are both there; keep one")
        fields["options"] = options
    facets = {name.removeprefix(FACET): value for name, value in found.items() if name.startswith(FACET)}
    return {**fields, "facets": facets} if facets else fields


def _lettered(cells: Mapping[str, object]) -> list[object]:
    """The options of columns A, B, C...; those behind the last that is filled are none."""
    there = [letter for letter in string.ascii_uppercase if letter in cells]
    if there and there != list(string.ascii_uppercase[: len(there)]):
        gap = next(letter for letter in string.ascii_uppercase if letter not in there)
        raise ValueError(f"column {gap!r} is empty, and {there[-1]!r} is not; fill the options from A on")
    return [cells[letter] for letter in there]


def _json(name: str, text: str) -> object:
    if name in LISTED and not text.lstrip().startswith("["):
        if name == "options":
            raise ValueError(f'column {name!r} must be a JSON list, such as ["a", "b"], or give columns A, B, C; it is '
                             f"{text!r:.80}")  # fmt: skip
        return [text]
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"column {name!r} is no JSON ({error}): {text!r:.80}") from error


def with_names(cells: Mapping[str, object], labels: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """The cells with the names of class labels in place of their numbers."""
    named = dict(cells)
    for name, names in labels.items():
        value = named.get(name)
        if isinstance(value, int) and 0 <= value < len(names):
            named[name] = names[value]
    return named


def bytes_of(value: object) -> tuple[bytes, str]:
    """Bytes and path of a picture cell: bytes, or the Hub's `{"bytes", "path"}`; empty where it has none."""
    if isinstance(value, bytes):
        return value, ""
    if isinstance(value, Mapping):
        cell = cast(Mapping[str, object], value)
        content, path = cell.get("bytes"), cell.get("path")
        return (content if isinstance(content, bytes) else b""), str(path or "")
    return b"", ""

"""Rows as a file holds them, whatever the file is called: JSON Lines, a JSON list, Parquet or Arrow, perhaps packed.

Memory holds one row or one small batch at a time.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import cast

from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.packed import DAMAGE, open_bytes
from seewhy.formats.rows.row import shown
from seewhy.records.cells import named_once
from seewhy.records.foreign import require_text

HEAD = 1 << 16
MAX_LINE = 1 << 28
"""Bytes of one row of text: a row may hold its pictures in base64."""
MAX_OBJECT = 1 << 26
"""Bytes of a file that is one JSON object, which is a list of files and no set of rows."""
ARROW_FILE = b"ARROW1"
"""How an Arrow file begins; a stream has no such word."""
ARROW_HEADS = (b"\xff\xff\xff\xff", ARROW_FILE)
"""How streams and files of Arrow begin."""
BINARY = {
    b"PAR1": "Parquet in a packed file",
    b"PK\x03\x04": "a zip archive",
    ARROW_FILE: "Arrow in a packed file",
}
"""What is not read as it is, by its first bytes."""


class FileKind(StrEnum):
    """How a file holds rows."""

    LINES = "JSON Lines"
    LIST = "a JSON list"
    OBJECT = "a JSON object"
    PARQUET = "Parquet"
    ARROW = "Arrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row before its fields are checked, or what is wrong with it."""

    place: str
    """File and row, from 1."""
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    fault: RowError | None = None
    text: str = ""
    """The row as the text file holds it."""
    count: int = 1
    """Rows that the fault takes along."""

    def as_text(self) -> str:
        """The row as the text file holds it; one of a table as JSON, with the size of bytes in their place."""
        return self.text or json.dumps(self.fields, ensure_ascii=True, default=_abbreviated)


def _abbreviated(value: object) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)


def kind_of(path: Path) -> FileKind:
    """How a file holds rows, detected from its content.

    Raises:
        ValueError: it is empty, a web page, in another encoding, or of no kind that is read.
    """
    with path.open("rb") as file:
        magic = file.read(8)
    if magic[:4] == b"PAR1":
        return FileKind.PARQUET
    if magic.startswith(ARROW_HEADS):
        return FileKind.ARROW
    head = _head(path)
    begun = head.removeprefix(BOM_UTF8).lstrip()
    if not begun:
        raise ValueError(f"{path} is empty; write it again, or download it again")
    if binary := next((said for magic, said in BINARY.items() if begun.startswith(magic)), ""):
        raise ValueError(f"{path} is {binary}; unpack it, and name the file of rows (pictures may stay in an archive "
                         "that --pictures names)")  # fmt: skip
    require_text(path, head)
    if begun[:1] == b"[":
        return FileKind.LIST
    if begun[:1] == b"{":
        return FileKind.LINES if _begins_with_lines(begun) or not is_object(path) else FileKind.OBJECT
    raise ValueError(f"{path} is neither JSON Lines, a JSON list nor Parquet; it begins with {shown(begun[:40])}. Save "
                     "it as one of these, or download it again")  # fmt: skip


def _head(path: Path) -> bytes:
    try:
        with open_bytes(path) as file:
            return file.read(HEAD)
    except DAMAGE as error:
        raise damaged(path, error) from error


def _begins_with_lines(begun: bytes) -> bool:
    """Whether two lines are objects, or the first is followed by another that begins one."""
    first, end, rest = begun.partition(b"\n")
    return bool(end) and rest.lstrip()[:1] == b"{" and _object_in(first) is not None


def is_object(path: Path) -> bool:
    """Whether a whole file is one JSON object."""
    with open_bytes(path) as file:
        found = file.read(MAX_OBJECT + 1)
    return len(found) <= MAX_OBJECT and _object_in(found) is not None


def _object_in(text: bytes) -> dict[str, object] | None:
    try:
        found: object = json.loads(text.removeprefix(BOM_UTF8))
    except (ValueError, RecursionError):
        return None
    return cast(dict[str, object], found) if isinstance(found, dict) else None


def read_object(path: Path) -> dict[str, object]:
    """The JSON object that a file is; ValueError where it is none."""
    with open_bytes(path) as file:
        found = _object_in(file.read(MAX_OBJECT))
    if found is None:
        raise ValueError(f"{path} is no JSON object; mend it (a comma before a closing bracket is none of JSON)")
    return found


def damaged(path: Path, error: Exception) -> ValueError:
    """The error of a file of which nothing more can be read."""
    return ValueError(f"{path} is cut or damaged ({error}); download it or write it again")


def decoded_row(text: str) -> Mapping[str, object]:
    """The JSON object of a row.

    Raises:
        RowError: it is none, or has a name twice.
    """
    try:
        found: object = json.loads(text, object_pairs_hook=once)
    except RowError:
        raise
    except (ValueError, RecursionError) as error:
        raise not_json(error) from error
    return as_object(found)


def as_object(found: object) -> Mapping[str, object]:
    """A decoded row, which must be an object."""
    if not isinstance(found, dict):
        raise RowError(Reason.TYPE, f"a row is a JSON object, and this is {shown(found)}; take it out")
    return cast(dict[str, object], found)


def not_json(error: Exception) -> RowError:
    """The fault of a row that is no JSON."""
    said = str(error or type(error).__name__).partition(";")[0]  # Python's own advice is for programmers
    return RowError(Reason.SYNTAX, f"not JSON ({said}); mend the row, or take it out")


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON, of which each name stands there once."""
    try:
        return named_once(pairs)
    except ValueError as error:
        raise RowError(Reason.SYNTAX, str(error)) from error


def read_lines(path: Path) -> Iterator[RawRow]:
    """The rows of a JSON Lines file; only a line feed ends a line. Blank lines are no rows."""
    with open_bytes(path) as file:
        number = 0
        while True:
            number += 1
            place = f"{path}:{number}"
            try:
                line = file.readline(MAX_LINE)
            except DAMAGE as error:
                yield RawRow(place=place, fault=RowError(Reason.SYNTAX, f"the file is cut or damaged here ({error}); "
                                                         "download it or write it again"))  # fmt: skip
                return
            if not line:
                return
            if len(line) >= MAX_LINE:
                yield RawRow(place=place, fault=RowError(Reason.LONG, f"the line has more than {MAX_LINE:,} bytes; the "
                                                         "rest of the file is not read"))  # fmt: skip
                return
            if filled := line.removeprefix(BOM_UTF8).strip():
                yield _line(place, filled)


def _line(place: str, line: bytes) -> RawRow:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        fault = RowError(Reason.SYNTAX, f"not UTF-8 ({error}); save the file as UTF-8")
        return RawRow(place=place, fault=fault, text=line.decode("utf-8", "backslashreplace"))
    try:
        return RawRow(place=place, fields=decoded_row(text), text=text)
    except RowError as fault:
        return RawRow(place=place, fault=fault, text=text)

"""XLSX files, read and written through openpyxl; imported only where one is named."""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML file holds, and so no XLSX file."""
LONGEST_CELL = 32_767
"""Characters of a cell, at most: a limit of the format."""
MOST_COLUMNS = 2_000
"""A line with a cell further out is refused: one such cell makes every line as long."""
UNPACKED = 2**26
"""Bytes of the parts of a sheet up to which they may be packed as tightly as they will."""
TIGHTEST = 50
"""How many times smaller larger parts may be packed; real sheets reach 10."""
DAMAGED = (
    zipfile.BadZipFile, zlib.error, ParseError, InvalidFileException, KeyError, ValueError, TypeError, IndexError,
    AttributeError, AssertionError, OSError, EOFError, NotImplementedError,
)  # fmt: skip
"""What openpyxl raises where a part of the file is missing, cut, or not what it should be."""


def read_sheet(path: Path) -> list[list[object]]:
    """The cells of the first sheet, line by line; an empty cell is None and a formula's value is its last one.

    Raises:
        ValueError: it is no XLSX file, it unpacks to far more than a sheet of its size, or a line is too long.
    """
    payload = io.BytesIO(path.read_bytes())
    try:
        _require_honest(payload)
        lines = _first_sheet(payload)
    except DAMAGED as error:
        raise ValueError(f"{path}: not an XLSX file ({error}); save it as XLSX or CSV") from error
    if lines and len(lines[-1]) > MOST_COLUMNS:
        raise ValueError(f"{path}, line {len(lines)}: a cell in column {len(lines[-1])}, and {MOST_COLUMNS} are the "
                         "most; keep the columns of id and reply")  # fmt: skip
    return lines


def _first_sheet(payload: io.BytesIO) -> list[list[object]]:
    """The lines of the first worksheet; what openpyxl warns of, such as missing styles, does not matter to cells."""
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        sheet = load_workbook(payload, read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()
        return _trimmed(sheet.iter_rows(values_only=True))


def _require_honest(payload: io.BytesIO) -> None:
    """An error where the parts of the file are packed as no sheet is: reading them would take minutes and gigabytes."""
    with zipfile.ZipFile(payload) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
    packed = len(payload.getbuffer())
    if unpacked > max(UNPACKED, TIGHTEST * packed):
        raise zipfile.BadZipFile(f"{packed:,} bytes that unpack to {unpacked:,}")


def _trimmed(lines: Iterable[Sequence[object]]) -> list[list[object]]:
    """The lines without the empty cells at their ends, up to the first that is too long."""
    found: list[list[object]] = []
    for line in lines:
        cells = list(line)
        while cells and cells[-1] is None:
            cells.pop()
        found.append(cells)
        if len(cells) > MOST_COLUMNS:
            break
    return found


def sheet_bytes(rows: Sequence[Mapping[str, object]]) -> bytes:
    """An XLSX file with one line a row under the names of all fields.

    Raises:
        ValueError: a text is longer than a cell can be.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [
        [_writable(row.get(name), f"line {number}, {name!r}") for name in names]
        for number, row in enumerate(rows, start=2)
    ]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    for line in [[_writable(name, "the names") for name in names], *lines]:
        sheet.append([_text_cell(book, value) if isinstance(value, str) else value for value in line])
    payload = io.BytesIO()
    book.save(payload)
    return payload.getvalue()


def _writable(value: object, place: str) -> object:
    if not isinstance(value, str):
        return value
    if len(value) > LONGEST_CELL:
        raise ValueError(f"{place}: {len(value)} characters, and a cell of XLSX holds {LONGEST_CELL} at most; leave "
                         "vlmevalkit out of --also")  # fmt: skip
    return UNWRITABLE.sub("", value)


def _text_cell(book: Workbook, value: str) -> Cell:
    """A cell that stays text where the text begins with "=" and would be taken for a formula."""
    cell: Cell = WriteOnlyCell(book.worksheets[0], value)
    cell.data_type = "s"
    return cell

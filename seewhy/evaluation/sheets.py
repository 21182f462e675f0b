"""XLSX files, read and written through openpyxl; imported only where one is named."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that no XML file holds, and so no XLSX file."""
LONGEST_CELL = 32_767
"""Characters of a cell, at most: a limit of the format."""


def read_sheet(path: Path) -> list[list[object]]:
    """The cells of the first sheet, line by line; an empty cell is None and a formula's value is its last one.

    Raises:
        ValueError: it is no XLSX file.
    """
    try:
        book = load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, InvalidFileException) as error:
        raise ValueError(f"{path}: not an XLSX file ({error}); save it as XLSX or CSV") from error
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    return [list(line) for line in sheet.iter_rows(values_only=True)]


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
    sheet.append(names)
    for line in lines:
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

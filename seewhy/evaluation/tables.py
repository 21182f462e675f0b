"""Read anyone's table of rows: JSON Lines, JSON, CSV, TSV, also packed by gzip, and XLSX by a reader passed in."""

import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seewhy.records.cells import mend_halves
from seewhy.records.foreign import HEAD, require_file, require_text

KEY = "(key)"
"""The field that holds an object's name, where a JSON file is one object of named rows."""
VALUE = "(value)"
"""The field that holds its text, where the named values are no objects."""
FORMS = (".jsonl", ".json", ".csv", ".tsv", ".xlsx")
PACKED = ".gz"
MOST_BYTES = 2**32
"""Of a file when it is unpacked; a small one may unpack to more than any memory holds."""
SEPARATORS = ("\t", ";", "|")
"""Between the cells of files that are called .csv and have no commas."""
MOST_COLUMNS = 2_000
"""Columns of a table of cells; one with more is no table of predictions."""
LONGEST_CELL = 2**27
"""Characters of a cell of a CSV file at most; Python's own limit is 131,072, less than a picture in base64."""

Sheet = Callable[[Path], Sequence[Sequence[object]]]
"""Reads the lines of an XLSX file's first sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows of a file.

    Example:
        >>> Table(path=Path("a.csv"), rows=({"id": "1"},), places=("line 2",)).fields
        ('id',)
    """

    path: Path
    rows: tuple[Mapping[str, object], ...]
    places: tuple[str, ...]
    """Where each row is in the file, for errors."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of any row, in the order in which they first occur."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row))


def read_table(path: Path, *, rows_at: str = "", sheet: Sheet | None = None) -> Table:
    """The rows of a file; its form is known by its suffix.

    Args:
        path: the file.
        rows_at: dotted name of the part of a JSON document that holds the rows; empty where all of it does.
        sheet: reads XLSX files.

    Raises:
        ValueError: the suffix is unknown, or the file is not of the form it names; the message says where.
    """
    require_file(path)
    suffix = suffix_of(path)
    if rows_at and suffix != ".json":
        raise ValueError(f"{path}: --rows-at names a part of a .json file; leave it out")
    match suffix:
        case ".jsonl":
            found = _json_lines(path)
        case ".json":
            found = _json_rows(path, _part(path, _json(path, _text(path)), rows_at))
        case ".csv" | ".tsv":
            found = _lines_of_cells(path, _separated(path, "\t" if suffix == ".tsv" else ","))
        case ".xlsx" if sheet is not None:
            found = _lines_of_cells(path, sheet(path))
        case _:
            raise ValueError(f"{path}: its name must end in one of {', '.join(FORMS)}; .gz may follow all but .xlsx")
    placed = tuple(found)
    if not placed:
        raise ValueError(f"{path} holds no rows")
    return Table(path=path, rows=tuple(row for _, row in placed), places=tuple(place for place, _ in placed))


def suffix_of(path: Path) -> str:
    """The suffix that names a file's form, in small letters and without `.gz`.

    Example:
        >>> suffix_of(Path("a.JSONL.gz")), suffix_of(Path("a.Xlsx"))
        ('.jsonl', '.xlsx')
    """
    name = Path(path.stem) if path.suffix.lower() == PACKED else path
    return name.suffix.lower()


def unpacked(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file, without its gzip; ValueError where they are no gzip, or are more than `most`."""
    if path.suffix.lower() != PACKED:
        return path.read_bytes()
    try:
        with gzip.open(path) as packed:
            found = packed.read(most + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: cannot be unpacked as gzip ({error}); copy it again, or correct its name") from error
    if len(found) > most:
        raise ValueError(f"{path}: unpacks to more than {most:,} bytes; take its pictures out, or split it")
    return found


def _text(path: Path) -> str:
    found = unpacked(path)
    require_text(path, found[:HEAD])
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 ({error}); save it as UTF-8") from error


def _json(path: Path, text: str, place: str = "") -> object:
    try:
        found: object = json.loads(text, object_pairs_hook=_once)
        return mend_halves(found) if "\\u" in text else found
    except (json.JSONDecodeError, RecursionError) as error:
        form = "in .jsonl a row is one object on one line" if place else "a .json file is one document"
        raise ValueError(
            f"{path}{place}: cannot be read as JSON, and {form} ({error}); correct it there, or write the file again"
        ) from error
    except ValueError as error:
        said = str(error)
        if "digits" in said and "sys." in said:
            said = "an integer of more than 4,300 digits; write it as text"
        raise ValueError(f"{path}{place}: {said}") from error


def _once(fields: list[tuple[str, object]]) -> dict[str, object]:
    """The object of these fields; JSON itself would keep the last of two with one name and lose the other."""
    found = dict(fields)
    if len(found) < len(fields):
        twice = [name for name, times in Counter(name for name, _ in fields).items() if times > 1]
        raise ValueError(f"an object names {', '.join(map(repr, twice[:5]))} more than once; keep one of each")
    return found


def _json_lines(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if line.strip():
            row = _json(path, line.removeprefix("\ufeff"), f", line {number}")
            yield f"line {number}", _object(row, f"{path}, line {number}")


def _json_rows(path: Path, found: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    if isinstance(found, list):
        are_texts = all(isinstance(row, str) for row in found)
        for number, row in enumerate(found, start=1):
            yield f"row {number}", {VALUE: row} if are_texts else _object(row, f"{path}, row {number}")
        return
    named = _object(found, str(path))
    if all(isinstance(row, dict) for row in named.values()):
        for name, row in named.items():
            yield f"row {name!r}", {KEY: name, **_object(row, str(path))}
    elif all(isinstance(value, str | int | float) and not isinstance(value, bool) for value in named.values()):
        for name, value in named.items():
            yield f"row {name!r}", {KEY: name, VALUE: value}
    else:
        raise ValueError(f"{path} is one object with the fields {', '.join(named)}, not a list of rows; say which "
                         "field holds them, such as --rows-at results")  # fmt: skip


def _object(row: object, place: str) -> dict[str, object]:
    if not isinstance(row, dict):
        raise ValueError(f"{place}: a row is an object of fields, and this is {str(row)[:80]!r}; write it as an "
                         "object, and a list of rows into a file that ends in .json")  # fmt: skip
    return {str(name): value for name, value in row.items()}


def _part(path: Path, found: object, rows_at: str) -> object:
    for name in rows_at.split(".") if rows_at else ():
        fields = _object(found, f"{path}, --rows-at {rows_at}")
        if name not in fields:
            raise ValueError(f"{path}, --rows-at {rows_at}: there is no {name!r}, there are {', '.join(fields)}")
        found = fields[name]
    return found


def _separated(path: Path, mark: str) -> list[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    try:
        return list(csv.reader(io.StringIO(_text(path), newline=""), delimiter=mark, strict=True))
    except csv.Error as error:
        raise ValueError(
            f"{path}: not a table of cells ({error}); put quotes around cells that hold quotes or separators"
        ) from error


def _lines_of_cells(path: Path, lines: Sequence[Sequence[object]]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Rows by the names of the first line; empty lines are no rows."""
    if not lines:
        return
    names = ["" if cell is None else str(cell).strip() for cell in lines[0]]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise ValueError(f"{path}: {len(names)} columns, and {MOST_COLUMNS} are the most; keep those of id and reply")
    if len(names) == 1 and (sign := next((sign for sign in SEPARATORS if sign in names[0]), "")):
        form = "name it .tsv" if sign == "\t" else "save it with commas"
        raise ValueError(f"{path}: its first line, {names[0][:80]!r}, is one cell and seems to have {sign!r} between "
                         f"cells; {form}")  # fmt: skip
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise ValueError(f"{path}: its first line names {', '.join(map(repr, twice))} more than once; give each column "
                         "a name of its own")  # fmt: skip
    for number, cells in enumerate(lines[1:], start=2):
        if all(cell is None or cell == "" for cell in cells):
            continue
        if any(cell not in (None, "") for cell in cells[len(names) :]):
            raise ValueError(f"{path}, line {number}: {len(cells)} cells, and the first line names {len(names)}")
        filled = [*cells, *[None] * (len(names) - len(cells))]
        yield f"line {number}", dict(zip(names, filled, strict=False))

"""What a format is: one file that recognises its rows, reads one, and writes one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

import pyarrow as pa

from seewhy.formats.rows.example import Example, Kind, Picture
from seewhy.formats.rows.raw import FileKind, RawRow
from seewhy.formats.rows.row import Row


class Shelf(Protocol):
    """Where pictures go that a written row shows."""

    def path(self, picture: Picture) -> str:
        """Its path from the folder of the rows on; the file is there."""
        ...

    def cell(self, picture: Picture) -> dict[str, object]:
        """It as the Hub's `{"bytes", "path"}`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How rows of a format are written."""

    kind: FileKind
    schema: pa.Schema | None = None
    """Of Parquet."""
    max_rows: int = 0
    """Rows of one file, at most; 0 is no limit."""
    max_bytes: int = 0
    """Bytes of one file, at most; 0 is no limit."""

    @property
    def suffix(self) -> str:
        """Ending of its files."""
        return {FileKind.LINES: ".jsonl", FileKind.LIST: ".json", FileKind.PARQUET: ".parquet"}[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of rows that was written."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file of rows, and how it is read."""

    path: Path
    reader: "Format"
    root: Path
    """Folder of its pictures, unless the user names others."""
    times: float = 1.0
    """How often its rows are taken: a share of them below 1."""
    expected: int | None = None
    """How many rows it is said to have."""


@runtime_checkable
class Format(Protocol):
    """One format of rows: a frozen dataclass, alone in its file.

    `recognises` and `parse` are of a row; `claims` is of a file that lists files of rows, `beside` writes such a one.
    """

    title: ClassVar[str]
    """What people call it."""
    columns: ClassVar[str]
    """By which fields it is recognised, in words."""
    holds: ClassVar[tuple[Kind, ...]]
    """What can be written."""
    layout: ClassVar[Layout]

    def recognises(self, fields: Mapping[str, object]) -> bool:
        """Whether a row is of this format, by its fields alone."""
        ...

    def parse(self, row: Row) -> Example:
        """What the row says.

        Raises:
            RowError: it is not as it must be; the message names the field and the remedy.
        """
        ...

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        """The row that says this.

        Raises:
            RowError: the format has no field for something that it says.
        """
        ...

    def remark(self, example: Example) -> str:
        """What the format's own trainer does to a row that the user should know; empty where nothing."""
        del example
        return ""

    def unique(self, row: Mapping[str, object]) -> str:
        """What no other written row may share, such as an id; empty where there is no such thing."""
        del row
        return ""

    def rest(self) -> Iterator[RawRow]:
        """Faulty rows of files that were read along; asked once all sources of this reader are read."""
        return iter(())

    def claims(self, path: Path, found: Mapping[str, object]) -> Sequence[Source]:
        """Files of rows that a JSON object lists; none where it is no such list."""
        del path, found
        return ()

    def beside(self, name: str, files: Sequence[Written]) -> Mapping[str, Mapping[str, object]]:
        """JSON objects written beside the rows, by file name; other keys of an existing file are kept."""
        del name, files
        return {}

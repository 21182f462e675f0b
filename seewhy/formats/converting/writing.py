"""Files of rows, written as rows come: under a hidden name until they are whole, split where a format sets limits."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from seewhy.formats.api import Layout, Written
from seewhy.formats.converting.ids import SeenIds
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import NOTE
from seewhy.formats.rows.tables import holds_bytes
from seewhy.formats.seewhy import QUESTIONS
from seewhy.records.files import explain_failure
from seewhy.records.shards import write_shard
from seewhy.records.types import Question

GROUP_ROWS = 10_000
PICTURE_ROWS = 100
"""Rows of a row group whose rows hold pictures: the Hub's viewer reads one whole."""
GROUP_BYTES = 32 << 20
FILE_BYTES = 500_000_000
"""Of one Parquet file with pictures."""
PER_SHARD = 8192
ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class Writer(Protocol):
    """Takes rows; what it wrote has its name once it is closed."""

    def write(self, row: Mapping[str, object], place: str) -> None:
        """Take one row; RowError where it cannot be written. `place` is where it came from."""
        ...

    def close(self) -> Sequence[Written]:
        """Finish, and return the files."""
        ...

    def abandon(self) -> None:
        """Close open files and delete them."""
        ...


class _Files:
    """Names of files: `name.suffix` alone, or `name-00000.suffix` and on once there are several."""

    def __init__(self, folder: Path, name: str, suffix: str) -> None:
        self.folder, self.name, self.suffix = folder, name, suffix
        self._done: list[tuple[Path, int]] = []

    def begin(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f".{self.name}-{len(self._done):05d}{self.suffix}.part"

    def end(self, path: Path, rows: int) -> None:
        self._done.append((path, rows))

    def settle(self) -> list[Written]:
        """Give all files their names."""
        found: list[Written] = []
        for number, (path, rows) in enumerate(self._done):
            number_word = f"-{number:05d}" if len(self._done) > 1 else ""
            final = self.folder / f"{self.name}{number_word}{self.suffix}"
            with explain_failure(final):
                path.replace(final)
            found.append(Written(name=final.name, rows=rows))
        return found


class TextWriter:
    """JSON Lines, or a JSON list of one row a line."""

    def __init__(self, folder: Path, name: str, layout: Layout) -> None:
        self._files = _Files(folder, name, layout.suffix)
        self._layout = layout
        self._is_list = layout.kind is FileKind.LIST
        self._open()

    def _open(self) -> None:
        self._path = self._files.begin()
        self._file = self._path.open("wb")
        self._rows, self._bytes = 0, 0

    def write(self, row: Mapping[str, object], place: str) -> None:
        del place
        line = ENCODE(row).encode()
        most = self._layout.max_bytes
        if most and len(line) + 1 > most:
            raise RowError(Reason.LONG, f"its line has {len(line):,} bytes, and a file takes {most:,}; make its "
                           "pictures smaller, or take it out")  # fmt: skip
        is_full = self._layout.max_rows and self._rows >= self._layout.max_rows
        if is_full or (most and self._bytes + len(line) + 1 > most):
            self._end()
            self._open()
        lead = (b"[\n" if self._rows == 0 else b",\n") if self._is_list else b""
        end = b"" if self._is_list else b"\n"
        with explain_failure(self._path, len(line)):
            self._file.write(lead + line + end)
        self._rows += 1
        self._bytes += len(line) + 1

    def _end(self) -> None:
        with explain_failure(self._path):
            if self._is_list:
                self._file.write(b"\n]\n" if self._rows else b"[]\n")
            self._file.close()
        self._files.end(self._path, self._rows)

    def close(self) -> Sequence[Written]:
        self._end()
        return self._files.settle()

    def abandon(self) -> None:
        self._file.close()


class TableWriter:
    """Parquet of declared types: no block of rows decides them."""

    def __init__(self, folder: Path, name: str, layout: Layout) -> None:
        assert layout.schema is not None
        self._files = _Files(folder, name, layout.suffix)
        self._layout, self._schema = layout, layout.schema
        self._group_rows = PICTURE_ROWS if holds_bytes(layout.schema) else GROUP_ROWS
        self._waiting: list[Mapping[str, object]] = []
        self._waiting_bytes = 0
        self._open()

    def _open(self) -> None:
        self._path = self._files.begin()
        self._writer = pq.ParquetWriter(self._path, self._schema, compression="zstd", write_page_checksum=True)
        self._rows, self._bytes = 0, 0

    def write(self, row: Mapping[str, object], place: str) -> None:
        del place
        most = self._layout.max_rows
        if (most and self._rows + len(self._waiting) >= most) or self._bytes + self._waiting_bytes > FILE_BYTES:
            self._end()
            self._open()
        note = row.get(NOTE)
        noted = {**row, NOTE: ENCODE(note) if note else None}
        self._waiting.append(noted)
        self._waiting_bytes += _size_of(noted)
        if len(self._waiting) >= self._group_rows or self._waiting_bytes > GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.Table.from_pylist(self._waiting, schema=self._schema)
            with explain_failure(self._path, self._waiting_bytes):
                self._writer.write_table(table, row_group_size=self._group_rows)
        self._rows += len(self._waiting)
        self._bytes += self._waiting_bytes
        self._waiting, self._waiting_bytes = [], 0

    def _end(self) -> None:
        self._flush()
        with explain_failure(self._path):
            self._writer.close()
        self._files.end(self._path, self._rows)

    def close(self) -> Sequence[Written]:
        self._end()
        return self._files.settle()

    def abandon(self) -> None:
        self._writer.close()


def _size_of(value: object) -> int:
    """About how many bytes a value takes in memory."""
    match value:
        case bytes() | str():
            return len(value) + 50
        case Mapping():
            return sum(_size_of(part) for part in value.values())
        case list():
            return sum(_size_of(part) for part in value)
        case _:
            return 8


class OwnWriter:
    """Shards of one kind of rows, with the questions in a folder of theirs; each question once."""

    def __init__(self, folder: Path, ids: SeenIds) -> None:
        self._folder, self._ids = folder, ids
        self._rows: list[Any] = []
        self._questions: list[Any] = []
        self._counts = {"": 0, QUESTIONS: 0}
        self._kind: type | None = None

    def write(self, row: Mapping[str, object], place: str) -> None:
        question, held = row["question"], row["row"]
        assert isinstance(question, Question)
        kind = Question if held is None else type(held)
        if self._kind not in (None, kind):
            raise RowError(Reason.UNHELD, f"it is a {kind.__name__.lower()} among {_plural(self._kind)}: a folder "
                           "holds one kind of rows; put it into a file of its own")  # fmt: skip
        is_new = self._ids.is_new("question", question.id, str(row["content"]), place)
        self._kind = kind
        if held is not None:
            self._rows.append(held)
        if is_new:
            (self._rows if held is None else self._questions).append(question)
        self._flush(PER_SHARD)

    def _flush(self, at: int) -> None:
        for part, waiting, record in (("", self._rows, self._kind), (QUESTIONS, self._questions, Question)):
            while len(waiting) >= at and waiting:
                assert record is not None
                folder = self._folder / part if part else self._folder
                write_shard(folder, self._counts[part] // PER_SHARD, waiting[:PER_SHARD], record)
                self._counts[part] += len(waiting[:PER_SHARD])
                del waiting[:PER_SHARD]

    def close(self) -> Sequence[Written]:
        self._flush(1)
        return [Written(name=part or ".", rows=rows) for part, rows in self._counts.items() if rows]

    def abandon(self) -> None:
        self._rows, self._questions = [], []


def _plural(kind: type | None) -> str:
    return f"{kind.__name__.lower()}s" if kind else "rows"

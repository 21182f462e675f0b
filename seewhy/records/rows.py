"""Rows of a folder of shards, or of one Parquet or JSONL file, read lazily: memory does not grow with their number."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TypeVar, cast, overload

import pyarrow as pa

from seewhy.records.columns import Record
from seewhy.records.lines import LinesFile
from seewhy.records.parquet import BlockCache, ParquetRows, open_parquet
from seewhy.records.shards import shard_paths

R = TypeVar("R", bound=Record)

CACHE_BYTES = 64 << 20
"""Blocks of rows, as Arrow holds them, that stay in memory for rows asked by number."""


class RowReader(Sequence[R]):
    """The rows of one record type at a path, as a sequence that is read from disk.

    Iterating holds some thousand rows. A row by number reads the 1,024 rows around it; blocks used last stay in memory,
    64 MiB at most. It pickles: another process opens the files anew.

    Args:
        path: a folder of shards (`part-00000.parquet` and on), a `.parquet` file or a `.jsonl` file.
        record_type: what a row is.

    Raises:
        FileNotFoundError: nothing is there, or a shard is missing between two others.
        ValueError: of any method: a file is damaged, or of another record; the message names file, row and field.
        MemoryError: of any method: there is too little memory to read a file.
    """

    def __init__(self, path: Path, record_type: type[R]) -> None:
        self.path = path
        self.record_type = record_type
        self.files: tuple[ParquetRows | LinesFile, ...] = tuple(_files_at(path, record_type))
        self._starts: list[int] | None = None
        self._cache = BlockCache(CACHE_BYTES)

    def __reduce__(self) -> tuple[type["RowReader[R]"], tuple[Path, type[R]]]:
        return type(self), (self.path, self.record_type)

    def __repr__(self) -> str:
        return f"RowReader({str(self.path)!r}, {self.record_type.__name__})"

    def __len__(self) -> int:
        return self.starts[-1]

    @property
    def starts(self) -> list[int]:
        """Number of the first row of each file, and at the end the number of all rows; footers alone are read."""
        if self._starts is None:
            self._starts = list(accumulate((file.count() for file in self.files), initial=0))
        return self._starts

    def __iter__(self) -> Iterator[R]:
        for file in self.files:
            yield from file.rows()

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> list[R]: ...
    def __getitem__(self, index: int | slice) -> R | list[R]:
        """One row by number, from the end where it is negative; or the rows of a slice, as a list."""
        if isinstance(index, int):
            file, row = self._locate(range(len(self))[index])
            return cast(R, file.row(row, self._cache))
        start, stop, step = index.indices(len(self))
        if step != 1:
            return [self[number] for number in range(start, stop, step)]
        return list(self.between(start, stop))

    def between(self, start: int, stop: int) -> Iterator[R]:
        """Rows `start` to `stop`, lazily."""
        for file, first, last in self._spans(start, stop):
            yield from file.rows(first, last)

    def batches(
        self, columns: Sequence[str] | None = None, start: int = 0, stop: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Rows `start` to `stop` as Arrow, some thousand at a time; only these columns, where they are given."""
        spans = self._spans(start, stop) if start or stop is not None else ((file, 0, None) for file in self.files)
        for file, first, last in spans:
            yield from file.batches(columns, first, last)

    def names(self) -> Sequence[str]:
        """Names of the columns of the first file, or of the keys of the first line; empty where it has no row."""
        first = self.files[0]
        if isinstance(first, LinesFile):
            return first.names()
        with open_parquet(first.path) as file:
            return list(file.schema_arrow.names)

    def place_of(self, number: int) -> str:
        """File and row of a row, as an error names them."""
        file, row = self._locate(number)
        return f"{file.path}, row {row}"

    def _locate(self, number: int) -> tuple[ParquetRows | LinesFile, int]:
        part = bisect_right(self.starts, number) - 1
        return self.files[part], number - self.starts[part]

    def _spans(self, start: int, stop: int | None) -> Iterator[tuple[ParquetRows | LinesFile, int, int | None]]:
        last = len(self) if stop is None else min(stop, len(self))
        for file, begun, ended in zip(self.files, self.starts, self.starts[1:], strict=False):
            if begun < last and ended > start:
                yield file, max(0, start - begun), min(last, ended) - begun


def _files_at(path: Path, record_type: type[Record]) -> Iterator[ParquetRows | LinesFile]:
    if path.is_dir():
        for shard in shard_paths(path):
            yield ParquetRows(path=shard, record_type=record_type)
    elif not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    elif path.suffix not in (".parquet", ".jsonl") or not path.is_file():
        raise ValueError(f"{path} is neither a folder of shards nor a .parquet or .jsonl file: name one of these")
    elif path.suffix == ".jsonl":
        yield LinesFile(path=path, record_type=record_type)
    else:
        yield ParquetRows(path=path, record_type=record_type)

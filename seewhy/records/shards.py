"""Rows on disk: a directory of Parquet files, `part-00000.parquet` and on, whose columns are a record's fields.

The folder opens elsewhere as it is: names of all other files in it begin with `_`, which readers of Parquet folders
skip. DuckDB, polars and datasets also take the pattern `DIRECTORY/*.parquet`.
"""

import re
import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from seewhy.records.columns import MISFITS, Record, Slot, first_misfit, slots_of
from seewhy.records.files import write_bytes_atomically
from seewhy.records.marks import IS_RARE
from seewhy.records.parquet import ParquetRows, count_file, schema_of

R = TypeVar("R", bound=Record)

_SHARD = re.compile(r"part-(\d{5,})\.parquet")


def to_table(rows: Sequence[R], record_type: type[R], *, is_whole: bool = True) -> pa.Table:
    """Rows as an Arrow table; without columns marked `RARE` that hold nothing but their default, unless `is_whole`.

    Raises:
        ValueError: a field holds a value of another type; the message names the row and the field.
    """
    for number, row in enumerate(rows):
        if type(row) is not record_type:
            raise ValueError(f"row {number} is a {type(row).__name__}, and a {record_type.__name__} is wanted")
    names = [name for name in slots_of(record_type) if is_whole or not _is_unused(rows, name, record_type)]
    columns = [_encode(rows, name, slots_of(record_type)[name], record_type) for name in names]
    schema = schema_of(record_type)
    return pa.table(columns, schema=pa.schema([schema.field(name) for name in names]))


def shard_path(directory: Path, number: int) -> Path:
    """Path of the shard of this number."""
    return directory / f"part-{number:05d}.parquet"


def is_shard_name(name: str) -> bool:
    """Whether a file of this name holds rows.

    Example:
        >>> is_shard_name("part-00012.parquet"), is_shard_name("_manifest.json")
        (True, False)
    """
    return _SHARD.fullmatch(name) is not None


def write_shard(directory: Path, number: int, rows: Sequence[R] | pa.Table, record_type: type[R]) -> Path:
    """Write one shard, whole or not at all, and return its path.

    Equal rows give equal bytes with one version of pyarrow, as records or as a table of their columns.

    Raises:
        ValueError: a row or a field is of another type.
        OSError: it could not be written; the message says what was wanted and how to continue.
    """
    sink = pa.BufferOutputStream()
    is_table = isinstance(rows, pa.Table)
    table = _checked(rows, record_type) if is_table else to_table(rows, record_type, is_whole=False)
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    path = shard_path(directory, number)
    write_bytes_atomically(path, sink.getvalue().to_pybytes())
    return path


def _checked(table: pa.Table, record_type: type[Record]) -> pa.Table:
    wanted = schema_of(record_type)
    common = pa.schema([field for field in wanted if field.name not in _rare_names(record_type)])
    if not (table.schema.equals(wanted) or table.schema.equals(common)):
        raise ValueError(
            f"the table's columns are {table.schema.names}, and those of {record_type.__name__} are wanted"
        )
    # One chunk a column: how a table was put together must not show in the bytes.
    return table.combine_chunks()


def shard_numbers(directory: Path) -> list[int]:
    """Numbers of the finished shards, ascending; empty where the directory is not there."""
    if not directory.is_dir():
        return []
    found = (_SHARD.fullmatch(path.name) for path in directory.iterdir())
    return sorted(int(match[1]) for match in found if match)


def shard_paths(directory: Path) -> list[Path]:
    """The shards of a directory in order.

    Raises:
        FileNotFoundError: there is no shard, or one is missing between two others.
    """
    numbers = shard_numbers(directory)
    if not numbers:
        raise FileNotFoundError(f"{directory} holds no part-*.parquet. Run the stage that writes it first")
    for expected, number in enumerate(numbers):
        if number != expected:
            missing = shard_path(directory, expected)
            raise FileNotFoundError(f"{missing} is missing. Run the stage that wrote it again: it fills the gap")
    return [shard_path(directory, number) for number in numbers]


def read_rows(directory: Path, record_type: type[R]) -> Iterator[R]:
    """All rows of a directory, in the order of the shards; columns that the record does not have are left out.

    A field that is marked `LATER` holds its default in rows that were written without its column.

    Raises:
        FileNotFoundError: there is no shard, or one is missing between two others.
        ValueError: a shard cannot be read, or its columns or values are not those of the record.
        MemoryError: there is too little memory to read one.
    """
    for path in shard_paths(directory):
        yield from ParquetRows(path=path, record_type=record_type).rows()


def read_shard(path: Path, record_type: type[R]) -> list[R]:
    """The rows of one shard; errors as in `read_rows`."""
    return list(ParquetRows(path=path, record_type=record_type).rows())


def count_rows(directory: Path) -> int:
    """How many rows the shards hold, from their footers alone; errors as in `read_rows`."""
    return sum(map(count_file, shard_paths(directory)))


def _is_unused(rows: Sequence[R], name: str, record_type: type[R]) -> bool:
    """Whether a column is marked `RARE` and no row holds anything but the default."""
    default = slots_of(record_type)[name].default
    return name in _rare_names(record_type) and all(value == default for value in map(attrgetter(name), rows))


@cache
def _rare_names(record_type: type[Record]) -> frozenset[str]:
    return frozenset(one.name for one in fields(record_type) if IS_RARE in one.metadata)


def _encode(rows: Sequence[R], name: str, slot: Slot, record_type: type[R]) -> pa.Array:
    values = list(map(attrgetter(name), rows))
    try:
        return slot.encode(values)
    except MISFITS as error:
        row = first_misfit(len(values), lambda number: slot.encode([values[number]]))
        raise ValueError(
            f"row {row}, field {name!r} of {record_type.__name__}: {reprlib.repr(values[row])} cannot be written as "
            f"{slot.column.arrow} ({error})"
        ) from error

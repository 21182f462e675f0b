"""Rows on disk: a directory of Parquet files, `part-00000.parquet` and on, whose columns are a record's fields.

Open them elsewhere by the pattern `DIRECTORY/*.parquet`: datasets, DuckDB, polars and pandas all read them as they are.
"""

import re
import reprlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as kinds

from seewhy.records.columns import Record, Slot, build_records, slots_of
from seewhy.records.files import write_bytes_atomically
from seewhy.records.later import LATER

R = TypeVar("R", bound=Record)
T = TypeVar("T")

_SHARD = re.compile(r"part-(\d{5,})\.parquet")


def schema_of(record_type: type[Record]) -> pa.Schema:
    """The columns of a record: one for each field, nullable only where the field may be None.

    Raises:
        TypeError: a field has a type that has no column.
    """
    slots = slots_of(record_type).items()
    return pa.schema([pa.field(name, slot.column.arrow, nullable=slot.optional) for name, slot in slots])


def to_table(rows: Sequence[R], record_type: type[R]) -> pa.Table:
    """Rows as an Arrow table.

    Raises:
        ValueError: a field holds a value of another type; the message names the row and the field.
    """
    for number, row in enumerate(rows):
        if type(row) is not record_type:
            raise ValueError(f"row {number} is a {type(row).__name__}, and a {record_type.__name__} is wanted")
    columns = [_encode(rows, name, slot, record_type) for name, slot in slots_of(record_type).items()]
    return pa.table(columns, schema=schema_of(record_type))


def shard_path(directory: Path, number: int) -> Path:
    """Where the shard of this number lies."""
    return directory / f"part-{number:05d}.parquet"


def write_shard(directory: Path, number: int, rows: Sequence[R], record_type: type[R]) -> Path:
    """Write one shard, whole or not at all, and return its path.

    Equal rows give equal bytes with one version of pyarrow.

    Raises:
        ValueError: a row or a field is of another type.
        OSError: it could not be written; the message says what was wanted and how to continue.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(to_table(rows, record_type), sink, compression="zstd", write_page_checksum=True)
    path = shard_path(directory, number)
    write_bytes_atomically(path, sink.getvalue().to_pybytes())
    return path


def shard_numbers(directory: Path) -> list[int]:
    """Numbers of the finished shards, ascending; empty where the directory is not there."""
    if not directory.is_dir():
        return []
    found = (_SHARD.fullmatch(path.name) for path in directory.iterdir())
    return sorted(int(match[1]) for match in found if match)


def read_rows(directory: Path, record_type: type[R]) -> Iterator[R]:
    """All rows of a directory, in the order of the shards; columns that the record does not have are left out.

    A field that is marked `LATER` is None in rows that were written before there was one.

    Raises:
        FileNotFoundError: there is no shard, or one is missing between two others.
        ValueError: a shard cannot be read, or its columns or values are not those of the record.
    """
    for number in _require_numbers(directory):
        yield from read_shard(shard_path(directory, number), record_type)


def read_shard(path: Path, record_type: type[R]) -> list[R]:
    """The rows of one shard; errors as in `read_rows`."""
    slots = slots_of(record_type)
    table = _open_shard(path, lambda file: _read_columns(path, file, record_type))
    there = set(table.schema.names)
    columns = [
        _decode(path, table.column(name), name, slot) if name in there else [None] * table.num_rows
        for name, slot in slots.items()
    ]
    return build_records(record_type, slots, columns)


def count_rows(directory: Path) -> int:
    """How many rows the shards hold, from their footers alone; errors as in `read_rows`."""
    paths = [shard_path(directory, number) for number in _require_numbers(directory)]
    return sum(_open_shard(path, lambda file: file.metadata.num_rows) for path in paths)


def _require_numbers(directory: Path) -> list[int]:
    numbers = shard_numbers(directory)
    if not numbers:
        raise FileNotFoundError(f"{directory} holds no part-*.parquet. Run the stage that writes it first")
    for expected, number in enumerate(numbers):
        if number != expected:
            missing = shard_path(directory, expected)
            raise FileNotFoundError(f"{missing} is missing. Run the stage that wrote it again: it fills the gap")
    return numbers


def _open_shard(path: Path, read: Callable[[pq.ParquetFile], T]) -> T:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            return read(file)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system refused (no permission, no such file): the file itself may be whole
        raise ValueError(
            f"{path} is not a whole Parquet file ({error}). "
            "Delete it and run the same command again: the stage writes that shard anew"
        ) from error


def _read_columns(path: Path, file: pq.ParquetFile, record_type: type[Record]) -> pa.Table:
    there = file.schema_arrow.names
    absent = {one.name for one in fields(record_type) if one.metadata == LATER and one.name not in there}
    for expected in schema_of(record_type):
        if expected.name in absent:
            continue
        if expected.name not in there:
            raise ValueError(
                f"{path} has no column {expected.name!r} of {record_type.__name__}; it has "
                f"{', '.join(there)}. {_WRITTEN_BY_ANOTHER}"
            )
        found = file.schema_arrow.field(expected.name).type
        # pandas writes a column that holds nothing but None as one of type null.
        if _kind(found) != _kind(expected.type) and not (expected.nullable and kinds.is_null(found)):
            raise ValueError(
                f"{path}: column {expected.name!r} of {record_type.__name__} is {found}, "
                f"and {expected.type} is wanted. {_WRITTEN_BY_ANOTHER}"
            )
    return file.read(columns=[name for name in slots_of(record_type) if name not in absent])


_WRITTEN_BY_ANOTHER = (
    "Another stage or another version of seewhy wrote it: name the directory of the right stage, or run that stage anew"
)


def _kind(type_: pa.DataType) -> object:
    """What a type means, whichever library wrote it: polars writes large_string where we write string."""
    if kinds.is_string(type_) or kinds.is_large_string(type_):
        return "text"
    if kinds.is_integer(type_):
        return "integer"
    if kinds.is_floating(type_):
        return "number"
    if kinds.is_list(type_) or kinds.is_large_list(type_):
        return ("list", _kind(type_.value_type))
    if kinds.is_struct(type_):
        return ("struct", *((field.name, _kind(field.type)) for field in type_))
    return str(type_)


def _encode(rows: Sequence[R], name: str, slot: Slot, record_type: type[R]) -> pa.Array:
    values = list(map(attrgetter(name), rows))
    try:
        return slot.encode(values)
    except _MISFITS as error:
        row = _first_misfit(len(values), lambda number: slot.encode([values[number]]))
        raise ValueError(
            f"row {row}, field {name!r} of {record_type.__name__}: {reprlib.repr(values[row])} cannot be written as "
            f"{slot.column.arrow} ({error})"
        ) from error


def _decode(path: Path, column: pa.ChunkedArray, name: str, slot: Slot) -> list[Any]:
    def decode(part: pa.ChunkedArray) -> list[Any]:
        return slot.decode(part.cast(slot.column.arrow).combine_chunks())

    try:
        return decode(column)
    except _MISFITS as error:
        row = _first_misfit(len(column), lambda number: decode(column.slice(number, 1)))
        found = reprlib.repr(column[row].as_py())
        raise ValueError(
            f"{path}, row {row}, field {name!r}: {found} does not fit ({error}). {_WRITTEN_BY_ANOTHER}"
        ) from error


_MISFITS = (ValueError, TypeError, OverflowError, AttributeError)


def _first_misfit(count: int, attempt: Callable[[int], object]) -> int:
    """Which row is to blame, found by trying each alone; runs only when all of them together failed."""
    for number in range(count):
        try:
            attempt(number)
        except _MISFITS:
            return number
    raise ValueError("each row fits alone, and all of them together do not")

"""One Parquet file of rows: read in batches of bounded size, checked against its record; errors name the place.

Damage is reported as damage of that file; a lack of memory as that, and no file is blamed for it.
"""

import contextlib
import errno
import re
import reprlib
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as kinds

from seewhy.records.columns import MISFITS, Record, Slot, build_records, first_misfit, slots_of
from seewhy.records.marks import CAME_LATER

R = TypeVar("R", bound=Record)
T = TypeVar("T")

BATCH_ROWS = 4096
"""Rows that are decoded at once."""
BLOCK_ROWS = 1024
"""Rows that are read together where one is asked by number."""


def schema_of(record_type: type[Record]) -> pa.Schema:
    """The columns of a record: one for each field, nullable only where the field may be None.

    Raises:
        TypeError: a field has a type that has no column.
    """
    slots = slots_of(record_type).items()
    return pa.schema([pa.field(name, slot.column.arrow, nullable=slot.optional) for name, slot in slots])


@contextlib.contextmanager
def open_parquet(path: Path) -> Generator[pq.ParquetFile]:
    """The file, memory-mapped, its pages checked as they are read; errors as in `explain_damage`."""
    with explain_damage(path):
        file = pq.ParquetFile(path, memory_map=True, page_checksum_verification=True)
    with file:
        yield file


@contextlib.contextmanager
def explain_damage(path: Path) -> Generator[None]:
    """What Arrow says while it reads `path`, as an error that names the file and the remedy.

    Raises:
        ValueError: the file is cut or damaged.
        MemoryError: there is too little memory; the file may be whole.
        OSError: the system refused (no permission, no such file); the file may be whole.
    """
    try:
        yield
    except (pa.ArrowException, OSError, MemoryError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.ENOMEM):
            raise
        if _is_lack_of_memory(path, error):
            raise MemoryError(_explain_memory(path, error)) from error
        raise ValueError(
            f"{path} is not a whole Parquet file ({error}). "
            "Delete it and run the same command again: the stage writes that shard anew"
        ) from error


def read_batches(
    path: Path,
    record_type: type[Record],
    columns: Sequence[str] | None = None,
    start: int = 0,
    stop: int | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Rows `start` to `stop` of a file, at most `batch_rows` at a time; only these columns, where they are given.

    Columns come in the order of the record and of its types. One that is marked `LATER` and not in the file holds its
    default.
    """
    wanted = [name for name in slots_of(record_type) if columns is None or name in columns]
    with open_parquet(path) as file:
        there = require_columns(path, file, record_type, wanted)
        groups, skipped = _groups_between(file.metadata, start, stop)
        left = None if stop is None else stop - start
        found = file.iter_batches(batch_size=batch_rows, row_groups=groups, columns=there, use_threads=False)
        while left is None or left > 0:
            with explain_damage(path):
                batch = next(found, None)
            if batch is None:
                return
            skip, skipped = min(skipped, len(batch)), max(0, skipped - len(batch))
            batch = batch.slice(skip, left)
            left = None if left is None else left - len(batch)
            if len(batch):
                yield _complete(path, start, batch, record_type, wanted)
            start += len(batch)


def require_columns(path: Path, file: pq.ParquetFile, record_type: type[Record], wanted: Sequence[str]) -> list[str]:
    """Those of the wanted columns that the file has; a ValueError where one is of another type, or missing."""
    there = file.schema_arrow.names
    later = {one.name for one in fields(record_type) if CAME_LATER in one.metadata}
    for name in wanted:
        if name not in there and name not in later:
            raise ValueError(
                f"{path} has no column {name!r} of {record_type.__name__}; it has {', '.join(there)}. {_OF_ANOTHER}"
            )
        if name in there:
            _require_type(path, file.schema_arrow.field(name).type, schema_of(record_type).field(name), record_type)
    return [name for name in wanted if name in there]


def decode_rows(path: Path, first: int, batch: pa.RecordBatch, record_type: type[R]) -> list[R]:
    """The records of a batch that holds every column; `first` is the row number of its first row in the file.

    Raises:
        ValueError: a value does not fit its field; the message names file, row and field.
    """
    slots = slots_of(record_type)
    columns = [decode_column(path, first, batch.column(name), name, slot) for name, slot in slots.items()]
    return build_records(record_type, slots, columns)


def decode_column(path: Path, first: int, column: pa.Array, name: str, slot: Slot) -> list[Any]:
    """The values of one column; errors as in `decode_rows`."""
    return _explain_misfit(path, first, column, name, slot.decode)


def _explain_misfit(path: Path, first: int, column: pa.Array, name: str, attempt: Callable[[pa.Array], T]) -> T:
    try:
        return attempt(column)
    except MISFITS as error:
        row = first_misfit(len(column), lambda number: attempt(column.slice(number, 1)))
        raise ValueError(
            f"{path}, row {first + row}, field {name!r}: {reprlib.repr(column[row].as_py())} does not fit ({error}). "
            f"{_OF_ANOTHER}"
        ) from error
    except pa.ArrowMemoryError as error:
        raise MemoryError(_explain_memory(path, error)) from error


def count_file(path: Path) -> int:
    """How many rows one Parquet file holds, from its footer alone; errors as in `explain_damage`."""
    with open_parquet(path) as file:
        return file.metadata.num_rows


class BlockCache:
    """Blocks of rows as Arrow holds them, those used last, so that rows asked by number cost no reading each."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._blocks: OrderedDict[tuple[Path, int], pa.RecordBatch] = OrderedDict()

    def get(self, path: Path, block: int, read: Callable[[], pa.RecordBatch]) -> pa.RecordBatch:
        """The block, read where it is not there; blocks used longest ago go, and the one that is asked for stays."""
        if (path, block) not in self._blocks:
            self._blocks[path, block] = read()
        self._blocks.move_to_end((path, block))
        while len(self._blocks) > 1 and sum(one.nbytes for one in self._blocks.values()) > self.max_bytes:
            self._blocks.popitem(last=False)
        return self._blocks[path, block]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetRows:
    """One Parquet file of rows of a record."""

    path: Path
    record_type: type[Record]

    def count(self) -> int:
        """How many rows there are, from the footer alone."""
        return count_file(self.path)

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Any]:
        """Rows `start` to `stop`, lazily; errors as in `decode_rows` and `explain_damage`."""
        for batch in self.batches(None, start, stop):
            yield from decode_rows(self.path, start, batch, self.record_type)
            start += len(batch)

    def batches(
        self, columns: Sequence[str] | None = None, start: int = 0, stop: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The same as Arrow, as `read_batches` does."""
        return read_batches(self.path, self.record_type, columns, start, stop)

    def row(self, number: int, cache: BlockCache) -> Record:
        """One row by number, from the block of rows around it."""
        block, before = divmod(number, BLOCK_ROWS)
        batch = cache.get(self.path, block, lambda: self._block(block * BLOCK_ROWS))
        return decode_rows(self.path, number, batch.slice(before, 1), self.record_type)[0]

    def _block(self, start: int) -> pa.RecordBatch:
        # In batches of a block: a slice of a larger one would keep all of it in memory.
        batches = list(read_batches(self.path, self.record_type, None, start, start + BLOCK_ROWS, BLOCK_ROWS))
        return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def _groups_between(metadata: pq.FileMetaData, start: int, stop: int | None) -> tuple[list[int], int]:
    """The row groups that hold rows `start` to `stop`, and how many rows of the first come before `start`."""
    groups: list[int] = []
    begun, skipped = 0, 0
    for number in range(metadata.num_row_groups):
        ended = begun + metadata.row_group(number).num_rows
        if ended > start and (stop is None or begun < stop):
            skipped = skipped if groups else max(0, start - begun)
            groups.append(number)
        begun = ended
    return groups, skipped


def _complete(
    path: Path, first: int, batch: pa.RecordBatch, record_type: type[Record], wanted: Sequence[str]
) -> pa.RecordBatch:
    """The wanted columns in their order, in the record's own types."""
    there = set(batch.schema.names)
    arrays: list[pa.Array] = []
    for name in wanted:
        arrow = slots_of(record_type)[name].column.arrow
        if name not in there:
            arrays.append(slots_of(record_type)[name].absent(len(batch)))
        elif batch.column(name).type.equals(arrow):
            arrays.append(batch.column(name))
        else:
            arrays.append(
                _explain_misfit(path, first, batch.column(name), name, lambda found, to=arrow: pc.cast(found, to))
            )
    return pa.RecordBatch.from_arrays(arrays, names=list(wanted))


def _require_type(path: Path, found: pa.DataType, expected: pa.Field, record_type: type[Record]) -> None:
    # pandas writes a column that holds nothing but None as one of type null.
    if _kind(found) != _kind(expected.type) and not (expected.nullable and kinds.is_null(found)):
        raise ValueError(
            f"{path}: column {expected.name!r} of {record_type.__name__} is {found}, and {expected.type} is wanted. "
            f"{_OF_ANOTHER}"
        )


_OF_ANOTHER = (
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


_ALLOCATION = re.compile(r"alloc(?:ation)? of size (\d+) failed|std::bad_alloc|Cannot allocate memory")
_STARVED = ("Resource temporarily unavailable", "Unknown error: Wrapping ")
"""No thread could be started; no Python string could be made."""
_SLACK = 1 << 26
"""Bytes that reading may want beyond a few times what the footer says, for its own buffers."""


def _is_lack_of_memory(path: Path, error: BaseException) -> bool:
    found = _ALLOCATION.search(str(error))
    if found and found[1] and int(found[1]) > 8 * _bytes_by_footer(path) + _SLACK:
        return False  # a damaged page header may ask for more than there is in the whole file
    return isinstance(error, MemoryError) or found is not None or any(words in str(error) for words in _STARVED)


def _explain_memory(path: Path, error: BaseException) -> str:
    return (
        f"too little memory to read {path} ({reprlib.repr(str(error))}). Nothing is wrong with the file: make memory "
        "free, or use fewer processes, and run the same command again"
    )


def _bytes_by_footer(path: Path) -> int:
    """Uncompressed bytes of all columns; 0 where the footer itself cannot be read."""
    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowException, OSError, MemoryError):
        return 0
    return sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))

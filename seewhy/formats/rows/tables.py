"""The rows of a Parquet file, or of the Arrow files that `datasets` writes, a small batch at a time."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.raw import ARROW_FILE, RawRow, damaged

AT_ONCE = 512
"""Rows in memory at a time."""
WITH_PICTURES = 8
"""The same where rows hold their pictures."""
BUFFER = 1 << 20
"""Bytes that are read at once of each column."""


def read_parquet(path: Path) -> Iterator[RawRow]:
    """The rows, from 1; a row group that is damaged is one fault for all of its rows.

    Raises:
        ValueError: the file as a whole cannot be read.
    """
    try:
        file = pq.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error
    with file:
        _require_names(path, file.schema_arrow)
        size = WITH_PICTURES if holds_bytes(file.schema_arrow) else AT_ONCE
        begun = 0
        for group in range(file.num_row_groups):
            ended = begun + file.metadata.row_group(group).num_rows
            number = begun
            try:
                for batch in file.iter_batches(batch_size=size, row_groups=[group], use_threads=False):
                    for fields in plain_rows(batch):
                        number += 1
                        yield RawRow(place=f"{path}:{number}", fields=fields)
            except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
                fault = RowError(Reason.SYNTAX, f"rows {number + 1} to {ended} are damaged ({error}); download the "
                                 "file again")  # fmt: skip
                yield RawRow(place=f"{path}:{number + 1}", fault=fault, count=ended - number)
            begun = ended


def read_arrow(path: Path) -> Iterator[RawRow]:
    """The rows of a stream of record batches, as `Dataset.save_to_disk` and the cache of `datasets` write it, or of an
    Arrow (Feather) file.
    """
    number = 0
    try:
        with pa.memory_map(str(path)) as source:
            schema, batches = _record_batches(source)
            _require_names(path, schema)
            size = WITH_PICTURES if holds_bytes(schema) else AT_ONCE
            for batch in batches:
                for start in range(0, len(batch), size):
                    for fields in plain_rows(batch.slice(start, size)):
                        number += 1
                        yield RawRow(place=f"{path}:{number}", fields=fields)
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError) as error:
        raise damaged(path, error) from error


def _require_names(path: Path, schema: pa.Schema) -> None:
    """ValueError where two columns bear one name: a row would hold the last of them alone."""
    twice = [name for name, count in Counter(schema.names).items() if count > 1]
    if twice:
        raise ValueError(
            f"{path} has several columns called {' and '.join(map(repr, twice))}; give each a name of its own"
        )


def _record_batches(source: pa.NativeFile) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Those of a stream, or of a file, which begins with a word of its own."""
    is_file = source.read(len(ARROW_FILE)) == ARROW_FILE
    source.seek(0)
    if not is_file:
        stream = ipc.open_stream(source)
        return stream.schema, iter(stream)
    file = ipc.open_file(source)
    return file.schema, (file.get_batch(number) for number in range(file.num_record_batches))


def plain_rows(batch: pa.RecordBatch) -> list[dict[str, object]]:
    """The rows as Python has them; moments and spans of time, which no format reads, as text or as numbers."""
    columns = [_without_times(batch.column(number)) for number in range(len(batch.schema.names))]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist()


def _without_times(column: pa.Array) -> pa.Array:
    """Python's own types of time hold neither nanoseconds nor far years."""
    kind = column.type
    if pa.types.is_duration(kind):
        return column.cast(pa.int64())
    return column.cast(pa.string()) if pa.types.is_temporal(kind) and not pa.types.is_interval(kind) else column


def holds_bytes(schema: pa.Schema) -> bool:
    """Whether rows of a table hold bytes, at any depth."""
    return any(_has_bytes(field.type) for field in schema)


def _has_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _has_bytes(kind.value_type)
    if pa.types.is_struct(kind):
        return any(_has_bytes(part.type) for part in kind)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)

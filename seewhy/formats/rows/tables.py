"""The rows of a Parquet file, or of the Arrow files that `datasets` writes, a small batch at a time."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.raw import RawRow, damaged

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
        size = WITH_PICTURES if holds_bytes(file.schema_arrow) else AT_ONCE
        begun = 0
        for group in range(file.num_row_groups):
            ended = begun + file.metadata.row_group(group).num_rows
            number = begun
            try:
                for batch in file.iter_batches(batch_size=size, row_groups=[group], use_threads=False):
                    for fields in batch.to_pylist():
                        number += 1
                        yield RawRow(place=f"{path}:{number}", fields=fields)
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                fault = RowError(Reason.SYNTAX, f"rows {number + 1} to {ended} are damaged ({error}); download the "
                                 "file again")  # fmt: skip
                yield RawRow(place=f"{path}:{number + 1}", fault=fault, count=ended - number)
            begun = ended


def read_arrow(path: Path) -> Iterator[RawRow]:
    """The rows of a stream of record batches, as `Dataset.save_to_disk` and the cache of `datasets` write it."""
    number = 0
    try:
        with pa.memory_map(str(path)) as source, ipc.open_stream(source) as stream:
            size = WITH_PICTURES if holds_bytes(stream.schema) else AT_ONCE
            for batch in stream:
                for start in range(0, batch.num_rows, size):
                    for fields in batch.slice(start, size).to_pylist():
                        number += 1
                        yield RawRow(place=f"{path}:{number}", fields=fields)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise damaged(path, error) from error


def holds_bytes(schema: pa.Schema) -> bool:
    """Whether rows of a table hold bytes, at any depth."""
    return any(_has_bytes(field.type) for field in schema)


def _has_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _has_bytes(kind.value_type)
    if pa.types.is_struct(kind):
        return any(_has_bytes(part.type) for part in kind)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)

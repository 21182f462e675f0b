"""Files of published data sets as rows: JSON, JSON Lines, CSV, TSV, Parquet, and the Arrow files of `save_to_disk`.

Parquet and Arrow are read by pyarrow, which seewhy needs anyway and which streams them: `datasets` would write a
second copy of everything into its cache, asks the network for a name, and is no dependency.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

from seewhy.benchmarks.lines.fields import numbered_rows, word_of
from seewhy.benchmarks.release.faults import BesideError

AT_ONCE = 64
"""Rows of a table in memory at a time: their pictures are in them."""
LONGEST_CELL = 1 << 30
"""Characters of a cell: a picture in base64 is one."""
REFERENCE = 64
"""A picture cell of a TSV that is no longer than this names another row (VLMEvalKit, `dataset/image_base.py`)."""
LISTS = ("data", "annotations", "questions")
"""Under these names releases put their rows next to a head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row as it is in its file."""

    place: str
    """File and line, row or key, as `problems.json:17`."""
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    fault: str = ""
    """Why it could not be read; empty where it could."""


def read_records(path: Path, *, bare: bool = False) -> Iterator[Record]:
    """The rows of a file, in its order; `bare` leaves the pictures of Parquet and Arrow files unread.

    A row of a JSON object of objects has its key as the field `key`; a row that is a list has the field `items`.

    Raises:
        ValueError: the file as a whole cannot be read.
    """
    try:
        yield from READERS[path.suffix](path, bare)
    except (pa.ArrowInvalid, csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as {path.suffix} ({error}); download it again") from error


def read_texts(path: Path, key: str, text: str) -> dict[str, str]:
    """One field of each row of a file by another, of a file beside the rows of a release.

    Raises:
        BesideError: a row is none, or lacks one of the two.
    """
    found: dict[str, str] = {}
    for record in read_records(path):
        try:
            if record.fault:
                raise ValueError(record.fault)
            found[word_of(key, record.fields.get(key))] = word_of(text, record.fields.get(text))
        except ValueError as error:
            raise BesideError(f"{record.place}: {error}; mend it, or download it again") from error
    return found


def _read_json(path: Path, bare: bool) -> Iterator[Record]:
    """One JSON value; or, in spite of the file's name, one a line, as NLVR and POPE do."""
    text = path.read_bytes()
    try:
        found: object = json.loads(text.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise ValueError(f"{path} is not JSON ({error}); download it again") from error
        yield from _read_lines(path, bare)
        return
    for key, value in _rows_of(found):
        place = f"{path}:{key}"
        match value:
            case dict():
                yield Record(place=place, fields={"key": key, **{str(name): part for name, part in value.items()}})
            case list():
                yield Record(place=place, fields={"items": value})
            case _:
                yield Record(place=place, fault=f"a row is a JSON object, and this is {value!r:.80}")


def _rows_of(found: object) -> Iterable[tuple[str, object]]:
    """Rows by number, from 1, or by key."""
    if isinstance(found, dict):
        head = cast(dict[str, object], found)
        lists = [name for name in LISTS if isinstance(head.get(name), list)]
        if lists:
            found = head[lists[0]]
        elif all(isinstance(value, dict | list) for value in head.values()):
            return head.items()
        else:
            found = [head]
    if isinstance(found, list):
        return [(str(number), value) for number, value in enumerate(found, start=1)]
    return [("1", found)]


def _read_lines(path: Path, bare: bool) -> Iterator[Record]:
    del bare
    for number, found in numbered_rows(path):
        place = f"{path}:{number}"
        yield Record(place=place, fault=found) if isinstance(found, str) else Record(place=place, fields=found)


def _read_table(path: Path, bare: bool) -> Iterator[Record]:
    """CSV or TSV; a cell that names the picture of a row before it is filled with that picture."""
    del bare
    csv.field_size_limit(LONGEST_CELL)
    pictures: dict[str, str] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ",")
        for number, row in enumerate(rows, start=1):
            fields: dict[str, object] = {name: cell for name, cell in row.items() if name and cell}
            image, index = row.get("image") or "", row.get("index") or ""
            if path.suffix == ".tsv" and len(image) > REFERENCE:
                pictures[index] = image
            elif image in pictures:
                fields["image"] = pictures[image]
            yield Record(place=f"{path}:{number}", fields=fields)


def _read_parquet(path: Path, bare: bool) -> Iterator[Record]:
    with pq.ParquetFile(path) as file:
        columns = [column.name for column in file.schema_arrow if not (bare and _is_picture(column.type))]
        yield from _rows_of_batches(path, file.iter_batches(batch_size=AT_ONCE, columns=columns))


def _read_arrow(path: Path, bare: bool) -> Iterator[Record]:
    """The stream of record batches that `Dataset.save_to_disk` and the cache of `datasets` write."""
    with pa.memory_map(str(path)) as source, ipc.open_stream(source) as stream:
        kept = [name for name in stream.schema.names if not (bare and _is_picture(stream.schema.field(name).type))]
        batches = (batch.select(kept).slice(start, AT_ONCE)
                   for batch in stream for start in range(0, batch.num_rows, AT_ONCE))  # fmt: skip
        yield from _rows_of_batches(path, batches)


def _rows_of_batches(path: Path, batches: Iterable[pa.RecordBatch]) -> Iterator[Record]:
    number = 0
    for batch in batches:
        for fields in batch.to_pylist():
            number += 1
            yield Record(place=f"{path}:{number}", fields=fields)


def _is_picture(kind: pa.DataType) -> bool:
    """Bytes, or the Hub's `{"bytes", "path"}`, or a list of them."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _is_picture(kind.value_type)
    if pa.types.is_struct(kind):
        return any(part.name == "bytes" for part in kind)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


READERS: Mapping[str, Callable[[Path, bool], Iterator[Record]]] = {
    ".json": _read_json,
    ".jsonl": _read_lines,
    ".csv": _read_table,
    ".tsv": _read_table,
    ".parquet": _read_parquet,
    ".arrow": _read_arrow,
}

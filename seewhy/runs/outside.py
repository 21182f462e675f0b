"""Rows that come from outside a run: a folder of rows, a Parquet file, or JSON Lines."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar, cast

import pyarrow.parquet as pq

from seewhy.benchmarks import jsonl
from seewhy.records.columns import Record, slots_of
from seewhy.records.files import hash_file
from seewhy.records.lineage import hash_directory
from seewhy.records.shards import read_rows
from seewhy.records.types import Question, Split
from seewhy.runs.structure import structure

R = TypeVar("R", bound=Record)
JSON_LINES = (".jsonl", ".ndjson")


def read_input(path: Path, record: type[R]) -> Iterator[R]:
    """The rows of an input.

    Raises:
        ValueError: there is no such file or folder, it is of another form, or a row does not fit; with file and row.
    """
    if path.is_dir():
        return read_rows(path, record)
    if not path.is_file():
        raise ValueError(f"{path}: no such file or folder of rows")
    if path.suffix == ".parquet":
        return _from_parquet(path, record)
    if path.suffix not in JSON_LINES:
        raise ValueError(f"{path}: rows are read from a folder of rows, a .parquet file or a .jsonl file")
    if record is Question:
        return cast(Iterator[R], _questions(path))
    return _from_lines(path, record)


def hash_input(path: Path) -> str:
    """Hash of the content of an input, wherever it is."""
    if path.is_dir():
        return hash_directory(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file or folder of rows")
    return hash_file(path)


def _questions(path: Path) -> Iterator[Question]:
    sizes = jsonl.sizes(path)
    for split in Split:
        if sizes.get(split):
            yield from jsonl.load(path, split, count=sizes[split])


def _from_parquet(path: Path, record: type[R]) -> Iterator[R]:
    names = [name for name in slots_of(record)]
    for batch in pq.ParquetFile(path).iter_batches(batch_size=4096, columns=names):
        for number, row in enumerate(batch.to_pylist()):
            yield structure(_plain(row), record, f"{path}, row {number}")


def _from_lines(path: Path, record: type[R]) -> Iterator[R]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield structure(_parsed(line, f"{path}, line {number}"), record, f"{path}, line {number}")


def _parsed(line: str, where: str) -> object:
    try:
        return json.loads(line)
    except ValueError as error:
        raise ValueError(f"{where} is not JSON ({error})") from error


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if value is not None}



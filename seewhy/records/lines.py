"""Rows as JSON lines: one object a line, its keys a record's fields; written by anyone, read one line at a time."""

import json
import re
import reprlib
from array import array
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from functools import cache
from itertools import islice
from math import isfinite
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import pyarrow as pa

from seewhy.records.cells import MOST_BITS
from seewhy.records.columns import Record
from seewhy.records.marks import IS_FINITE
from seewhy.records.parquet import BATCH_ROWS, BlockCache
from seewhy.records.shards import to_table

R = TypeVar("R", bound=Record)

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesFile:
    """One JSONL file of rows; lines that are empty are no rows, keys that the record does not have are left out.

    A field with a default may be left out. Enums are their words, tuples lists, records and mappings objects.
    """

    path: Path
    record_type: type[Record]
    offsets: "array[int]" = field(default_factory=lambda: array("q"), compare=False, repr=False)
    """Where each row begins, once rows were counted: 8 bytes a row."""

    def count(self) -> int:
        """How many rows there are; the file is read once."""
        if not self.offsets:
            self.offsets.extend(offset for offset, _ in _filled_lines(self.path, 0))
        return len(self.offsets)

    def names(self) -> list[str]:
        """Keys of the first line; empty where the file has no row, or its first is no object."""
        for _, line in _filled_lines(self.path, 0):
            try:
                found: object = json.loads(line)
            except (ValueError, RecursionError):
                return []
            return [str(name) for name in found] if isinstance(found, Mapping) else []
        return []

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Any]:
        """Rows `start` to `stop`, lazily.

        Raises:
            ValueError: a line is not JSON, or a value does not fit its field; the message names file, line and field.
        """
        begin = self.offsets[start] if start and start < self.count() else 0
        many = None if stop is None else max(0, stop - start)
        lines = islice(_filled_lines(self.path, begin), start if start and not begin else 0, None)
        for offset, line in islice(lines, many):
            yield self._row(offset, line)

    def batches(
        self, columns: Sequence[str] | None = None, start: int = 0, stop: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The same as Arrow, some thousand rows at a time."""
        found = self.rows(start, stop)
        while rows := list(islice(found, BATCH_ROWS)):
            table = to_table(rows, self.record_type)
            wanted = [name for name in table.schema.names if columns is None or name in columns]
            yield table.select(wanted).combine_chunks().to_batches()[0]

    def row(self, number: int, _cache: BlockCache) -> Record:
        """One row by number."""
        return next(self.rows(number, number + 1))

    def _row(self, offset: int, line: bytes) -> Record:
        try:
            return record_from(json.loads(line), self.record_type, "")
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{self.path}, line {_line_number(self.path, offset)}{_cause(error)}") from error


def record_from(plain: object, record_type: type[R], place: str) -> R:
    """A record from plain JSON; `place` begins an error's message.

    Raises:
        ValueError: a value does not fit its field, or one is missing; the message names the field.
    """
    if not isinstance(plain, Mapping):
        raise ValueError(f"{place}: {reprlib.repr(plain)} is no object; a {record_type.__name__} is wanted")
    values: dict[str, object] = {}
    for name, (hint, one) in _hints(record_type).items():
        if name in plain:
            values[name] = _value_from(plain[name], hint, f"{place}, field {name!r}")
            _require_finite(values[name], one, f"{place}, field {name!r}")
        elif one.default is MISSING and one.default_factory is MISSING:
            raise ValueError(f"{place} has no field {name!r} of {record_type.__name__}; it has {', '.join(plain)}")
    return record_type(**values)


@cache
def _hints(record_type: type[Record]) -> Mapping[str, tuple[object, Field[Any]]]:
    hints = get_type_hints(record_type)
    return {one.name: (hints[one.name], one) for one in fields(record_type)}


def _require_finite(value: object, field: Field[Any], place: str) -> None:
    if IS_FINITE in field.metadata and isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{place}: {value} is not a finite number")


def _value_from(plain: object, hint: object, place: str) -> object:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        return None if plain is None else _value_from(plain, next(one for one in inner if one is not NoneType), place)
    if origin is tuple and isinstance(plain, list):
        return tuple(_value_from(one, inner[0], f"{place}, element {number}") for number, one in enumerate(plain))
    if origin is Mapping and isinstance(plain, Mapping):
        return {key: _value_from(one, inner[1], f"{place}, key {key!r}") for key, one in plain.items()}
    if isinstance(hint, type) and issubclass(hint, StrEnum) and plain in list(hint):
        return hint(plain)
    if hint is float and type(plain) is int and plain.bit_length() <= MOST_BITS:
        return float(plain)
    if hint is int and type(plain) is float and plain.is_integer():
        return int(plain)
    if isinstance(plain, str) and (lone := _SURROGATE.search(plain)):
        raise ValueError(f"{place}: {reprlib.repr(plain)} holds half a character, {lone[0]!a}: it is no text")
    if hint in (str, int, float, bool) and type(plain) is hint:
        return plain
    if isinstance(hint, type) and isinstance(plain, Mapping) and hasattr(hint, "__dataclass_fields__"):
        return record_from(plain, cast(type[Record], hint), place)
    raise ValueError(f"{place}: {reprlib.repr(plain)} does not fit; {_words(hint)} is wanted")


def _words(hint: object) -> str:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return " or ".join(repr(one.value) for one in hint)
    return hint.__name__ if isinstance(hint, type) else str(hint)


def _filled_lines(path: Path, begin: int) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of each line from `begin` on that is not empty, without a byte-order mark."""
    with path.open("rb") as file:
        file.seek(begin)
        for line in file:
            if filled := line.removeprefix(BOM_UTF8).strip():
                yield begin, filled
            begin += len(line)


def _line_number(path: Path, offset: int) -> int:
    with path.open("rb") as file:
        return file.read(offset).count(b"\n") + 1


def _cause(error: Exception) -> str:
    is_json = isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError)
    return f" is not JSON ({error})" if is_json else f"{error}"

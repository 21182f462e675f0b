"""Columns of Parquet files, with the description by which `datasets` shows pictures as pictures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from seewhy.formats.rows.row import NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its type in Arrow, and its feature as the Hub describes it."""

    arrow: pa.DataType
    feature: Any


def _value(kind: pa.DataType, name: str) -> Column:
    return Column(arrow=kind, feature={"dtype": name, "_type": "Value"})


def listed(column: Column) -> Column:
    """A list of such values."""
    return Column(arrow=pa.list_(column.arrow), feature={"feature": column.feature, "_type": "List"})


def struct(**parts: Column) -> Column:
    """An object of such values."""
    return Column(
        arrow=pa.struct([(name, part.arrow) for name, part in parts.items()]),
        feature={name: part.feature for name, part in parts.items()},
    )


TEXT = _value(pa.string(), "string")
INTEGER = _value(pa.int64(), "int64")
NUMBER = _value(pa.float64(), "float64")
FLAG = _value(pa.bool_(), "bool")
TEXTS = listed(TEXT)
IMAGE = Column(arrow=pa.struct([("bytes", pa.binary()), ("path", pa.string())]), feature={"_type": "Image"})
IMAGES = listed(IMAGE)
MESSAGES = listed(struct(role=TEXT, content=listed(struct(type=TEXT, text=TEXT))))
TEXT_MESSAGES = listed(struct(role=TEXT, content=TEXT))
PATHS = listed(struct(path=TEXT))
NOTED: Mapping[str, Column] = {NOTE: TEXT}
"""The note of `talk/notes.py`, as JSON text."""


def schema_of(**columns: Column) -> pa.Schema:
    """The schema of a Parquet file with these columns."""
    features = {name: column.feature for name, column in columns.items()}
    described = json.dumps({"info": {"features": features}})
    return pa.schema(
        [pa.field(name, column.arrow) for name, column in columns.items()], metadata={"huggingface": described}
    )

"""Kinds of fields that no record has yet, and those that none can have."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from seewhy.records.columns import build_records, slots_of
from seewhy.records.shards import read_shard, schema_of, write_shard
from seewhy.records.types import Pair, Response, Span, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    maybe: Response | None
    gaps: tuple[float | None, ...]
    spans: Mapping[str, tuple[Span, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    either: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    box: tuple[int, int]


def test_records_built_from_columns_take_defaults_for_fields_without_values():
    sides = [Response(text="12"), Response(text="11")]
    columns = {
        "question_id": ["q"],
        "style": [Style.REASON],
        "chosen": sides[:1],
        "rejected": sides[1:],
        "source": ["s"],
    }
    (pair,) = build_records(Pair, [*columns, "margin"], [*columns.values(), [1.0]])
    assert pair == Pair(question_id="q", style=Style.REASON, chosen=sides[0], rejected=sides[1], source="s", margin=1.0)
    with pytest.raises(TypeError, match="'margin'"):
        build_records(Pair, columns, list(columns.values()))


def test_none_may_stand_for_a_record_and_for_an_element(tmp_path):
    rows = [
        Odd(maybe=None, gaps=(None, 0.5), spans={}),
        Odd(
            maybe=Response(text="a", token_ids=(1,)), gaps=(), spans={"x": (Span(start=0, end=1, score=0.5),), "y": ()}
        ),
        Odd(maybe=Response(text="b"), gaps=(None,), spans={"z": ()}),
        Odd(maybe=None, gaps=(0.25,), spans={}),
    ]
    assert read_shard(write_shard(tmp_path, 0, rows, Odd), Odd) == rows
    assert schema_of(Odd).field("maybe").nullable


@pytest.mark.parametrize("record_type", [Torn, Fixed])
def test_a_type_without_a_column_is_refused_by_name(record_type):
    with pytest.raises(TypeError, match=r"(int \| str|tuple\[int, int\]) has no column"):
        slots_of(record_type)


def test_a_slice_of_a_column_gives_its_own_rows():
    slot = slots_of(Odd)["gaps"]
    column = slot.encode([(0.5,), (1.5, 2.5), (None,), ()])
    assert slot.decode(column[1:3]) == [(1.5, 2.5), (None,)]

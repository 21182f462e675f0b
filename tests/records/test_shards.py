"""Rows lie on disk as they were, open elsewhere, and say what is wrong with them."""

import dataclasses
import math
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import get_args, get_origin, get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seewhy.records import ranked, token_credit, types
from seewhy.records.marks import IS_FINITE
from seewhy.records.shards import (
    count_rows,
    read_rows,
    read_shard,
    schema_of,
    shard_numbers,
    shard_path,
    to_table,
    write_shard,
)
from seewhy.records.types import (
    Chain,
    FinishReason,
    Gold,
    ImageRef,
    Lesson,
    MatchRule,
    Outcome,
    Question,
    Response,
    Split,
    StepLog,
    Style,
    Verdict,
)

RECORDS = list(
    dict.fromkeys(
        kind for part in (types, ranked, token_credit) for kind in vars(part).values() if dataclasses.is_dataclass(kind)
    )
)
PLAIN = {
    str: st.text(max_size=20),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    NoneType: st.none(),
}


def values_of(hint):
    """Any value that a field of this type may hold."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return st.one_of([values_of(kind) for kind in inner])
    if origin is tuple:
        return st.lists(values_of(inner[0]), max_size=4).map(tuple)
    if origin is Mapping:
        return st.dictionaries(values_of(inner[0]), values_of(inner[1]), max_size=4)
    if hint in PLAIN:
        return PLAIN[hint]
    if issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    hints = get_type_hints(hint)
    return st.builds(hint, **{one.name: values_of_field(one, hints[one.name]) for one in dataclasses.fields(hint)})


def values_of_field(field, hint):
    if IS_FINITE not in field.metadata:
        return values_of(hint)
    finite = st.floats(allow_nan=False, allow_infinity=False)
    return finite if hint is float else st.none() | finite


def lesson(text="12", style=Style.REASON):
    return Lesson(question_id="q", style=style, response=Response(text=text), source="gold")


QUESTION = Question(
    id="inkgrid/test/0",
    benchmark="inkgrid",
    split=Split.TEST,
    text="What is the sum of row 1?",
    gold=Gold(answers=("12", "twelve"), rule=MatchRule.RELAXED_NUMBER),
    images=(ImageRef(sha256="ab12", path="images/ab12.png"),),
    facets={"kind": "row_sum", "grid": "3x3"},
)
CHAIN = Chain(
    question_id="q", index=0, style=Style.DIRECT, text="12", token_ids=(5, 6), logprobs=(-0.1, -math.inf),
    stop=FinishReason.END, sampler="tiny", seed=0,
)  # fmt: skip


@pytest.mark.parametrize("record_type", RECORDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_every_record_comes_back_as_it_was(record_type, draw, tmp_path):
    rows = draw.draw(st.lists(values_of(record_type), max_size=5))
    back = read_shard(write_shard(tmp_path, 0, rows, record_type), record_type)
    assert back == rows
    assert [repr(row) for row in back] == [repr(row) for row in rows]  # repr tells -0.0 from 0.0 and 1 from True


def test_every_record_type_of_the_package_was_tried():
    assert {Question, Chain, Lesson, StepLog} <= set(RECORDS)


def test_a_number_that_is_none_stays_apart_from_a_number_that_is_no_number(tmp_path):
    rows = [dataclasses.replace(CHAIN, logprobs=logprobs) for logprobs in ((math.nan, -0.5), None, ())]
    write_shard(tmp_path, 0, rows, Chain)
    first, second, third = read_rows(tmp_path, Chain)
    assert math.isnan(first.logprobs[0])
    assert first.logprobs[1] == -0.5
    assert second.logprobs is None
    assert third.logprobs == ()


def test_rows_come_in_the_order_of_the_shards_and_count_without_being_read(tmp_path):
    for number in reversed(range(12)):
        write_shard(tmp_path, number, [lesson(f"{number}a"), lesson(f"{number}b")][: 1 + number % 2], Lesson)
    texts = [row.response.text for row in read_rows(tmp_path, Lesson)]
    assert texts[:4] == ["0a", "1a", "1b", "2a"]
    assert texts[-2:] == ["11a", "11b"]
    assert count_rows(tmp_path) == len(texts) == 18


def test_equal_rows_give_equal_bytes(tmp_path):
    first, second = (write_shard(tmp_path / name, 0, [QUESTION] * 3, Question) for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_only_a_field_that_may_be_none_is_nullable():
    nullable = {field.name for field in schema_of(Question) if field.nullable}
    assert nullable == {"rationale", "places"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": 12}, "text"),
        ({"text": None}, "text"),
        ({"index": 2**63}, "index"),
        ({"index": "0"}, "index"),
        ({"style": "shout"}, "style"),
        ({"token_ids": [1, 2]}, "token_ids"),
        ({"token_ids": (1, None)}, "token_ids"),
        ({"token_ids": (1, 1.5)}, "token_ids"),
        ({"token_ids": (1, True)}, "token_ids"),
        ({"logprobs": (0.0, "-1")}, "logprobs"),
        ({"logprobs": (0.0, False)}, "logprobs"),
        ({"index": 1.5}, "index"),
        ({"index": 1.0}, "index"),
        ({"index": math.nan}, "index"),
        ({"text": b"12"}, "text"),
        ({"text": math.nan}, "text"),
        ({"text": "half \ud83d"}, "text"),
        ({"question_id": 7}, "question_id"),
    ],
)
def test_a_value_of_another_type_is_named_by_row_and_field(changes, field):
    rows = [CHAIN, CHAIN, dataclasses.replace(CHAIN, **changes)]
    with pytest.raises(ValueError, match=rf"row 2, field '{field}' of Chain"):
        to_table(rows, Chain)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_compared_or_added_is_finite_in_rows_written_and_read(number, tmp_path):
    voted = Verdict(question_id="q", index=0, style=Style.REASON, judge="j", outcome=Outcome.CORRECT, score=0.5)
    with pytest.raises(
        ValueError, match=r"row 1, field 'score' of Verdict: (nan|-?inf) cannot be written .*not a finite"
    ):
        to_table([voted, dataclasses.replace(voted, score=number)], Verdict)
    spans = (types.Span(start=0, end=1, score=number),)
    with pytest.raises(ValueError, match="row 0, field 'spans' of Verdict"):
        to_table([dataclasses.replace(voted, spans=spans)], Verdict)
    table = to_table([voted, voted], Verdict)
    place = table.schema.get_field_index("score")
    pq.write_table(table.set_column(place, "score", pa.array([None, number])), shard_path(tmp_path, 0))
    with pytest.raises(ValueError, match=r"row 1, field 'score': (nan|-?inf) does not fit"):
        list(read_rows(tmp_path, Verdict))


def test_numbers_of_numpy_are_numbers(tmp_path):
    rows = [dataclasses.replace(CHAIN, index=np.int64(3), logprobs=(np.float32(-0.5), 0))]
    (back,) = read_shard(write_shard(tmp_path, 0, rows, Chain), Chain)
    assert (repr(back.index), repr(back.logprobs)) == ("3", "(-0.5, 0.0)")


def test_a_row_of_another_record_is_named():
    with pytest.raises(ValueError, match="row 1 is a Lesson, and a Chain is wanted"):
        to_table([CHAIN, lesson()], Chain)


def test_rows_open_in_pyarrow_as_they_are(tmp_path):
    paths = [write_shard(tmp_path, number, [CHAIN] * 2, Chain) for number in range(2)]
    table = pyarrow.dataset.dataset(paths, format="parquet").to_table(columns=["style", "logprobs"])
    assert table.to_pylist() == [{"style": "direct", "logprobs": [-0.1, -math.inf]}] * 4


def test_rows_that_another_library_wrote_anew_are_read(tmp_path):
    """Polars writes large strings and lists, pandas a column of nothing but None as null, and both may add columns."""
    table = to_table([CHAIN, dataclasses.replace(CHAIN, token_ids=None, logprobs=None)], Chain).drop(
        ["text", "logprobs"]
    )
    table = table.set_column(0, "question_id", table["question_id"].cast(pa.large_string()))
    table = table.set_column(1, "index", table["index"].cast(pa.int32()))
    table = table.set_column(3, "token_ids", table["token_ids"].cast(pa.large_list(pa.int32())))
    table = table.append_column("text", pa.array(["12", "12"])).append_column("logprobs", pa.nulls(2))
    pq.write_table(table.append_column("length", pa.array([1, 2])), shard_path(tmp_path, 0))
    first, second = read_rows(tmp_path, Chain)
    assert first == dataclasses.replace(CHAIN, logprobs=None)
    assert second == dataclasses.replace(CHAIN, token_ids=None, logprobs=None)


def rewrite(path: Path, change) -> Path:
    """A shard as someone else might leave it."""
    pq.write_table(change(to_table([CHAIN] * 3, Chain)), path)
    return path


def with_column(name, values):
    return lambda table: table.set_column(table.schema.get_field_index(name), name, pa.array(values))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda table: table.drop(["seed"]), r"has no column 'seed' of Chain; it has question_id, index"),
        (with_column("index", ["0", "1", "2"]), r"column 'index' of Chain is string, and int64 is wanted"),
        (with_column("index", [0.0, 1.0, 2.0]), r"column 'index' of Chain is double, and int64 is wanted"),
        (with_column("style", ["direct", "shout", "direct"]), r"row 1, field 'style': 'shout' does not fit"),
        (with_column("text", ["a", "b", None]), r"row 2, field 'text': None does not fit"),
        (with_column("token_ids", [[1], [2, None], [3]]), r"row 1, field 'token_ids': \[2, None\] does not fit"),
    ],
)
def test_a_shard_that_does_not_fit_is_named_by_file_and_place(change, complaint, tmp_path):
    path = rewrite(shard_path(tmp_path, 0), change)
    with pytest.raises(ValueError, match=complaint) as caught:
        list(read_rows(tmp_path, Chain))
    assert str(path) in str(caught.value)
    assert "run that stage anew" in str(caught.value)


def test_a_missing_shard_is_not_passed_over(tmp_path):
    for number in (0, 2):
        write_shard(tmp_path, number, [lesson()], Lesson)
    with pytest.raises(FileNotFoundError, match=r"part-00001\.parquet is missing"):
        list(read_rows(tmp_path, Lesson))


def test_a_directory_without_shards_says_what_to_run(tmp_path):
    assert shard_numbers(tmp_path / "nowhere") == []
    with pytest.raises(FileNotFoundError, match="Run the stage that writes it first"):
        list(read_rows(tmp_path / "nowhere", Lesson))


def test_what_a_killed_writer_left_is_no_shard_and_goes_when_its_shard_is_written(tmp_path):
    left = tmp_path / ".part-00001.parquet.4711.tmp"
    others = tmp_path / ".part-00002.parquet.4711.tmp"
    for path in (left, others):
        path.write_bytes(b"PAR1 half a sha")
    write_shard(tmp_path, 0, [lesson()], Lesson)
    assert shard_numbers(tmp_path) == [0]
    write_shard(tmp_path, 1, [lesson()], Lesson)
    assert shard_numbers(tmp_path) == [0, 1]
    assert not left.exists()
    assert others.exists()  # a writer of another shard may be alive


def test_rows_that_were_written_before_a_field_came_are_read_without_it_beside_those_that_have_it(tmp_path):
    """A column that no row may lack is still an error."""
    voted = Verdict(question_id="q", index=0, style=Style.REASON, judge="j", outcome=Outcome.CORRECT, agreement=0.5)
    table = to_table([voted], Verdict)
    pq.write_table(table.drop(["agreement"]), shard_path(tmp_path, 0))
    pq.write_table(table, shard_path(tmp_path, 1))
    assert list(read_rows(tmp_path, Verdict)) == [dataclasses.replace(voted, agreement=None), voted]
    pq.write_table(table.drop(["score"]), shard_path(tmp_path, 0))
    with pytest.raises(ValueError, match=r"has no column 'score' of Verdict"):
        list(read_rows(tmp_path, Verdict))

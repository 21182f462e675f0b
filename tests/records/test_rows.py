"""A reader of rows gives the rows that were written, by any way of asking, and holds few of them."""

import dataclasses
import json
import math
import random
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seewhy.records.rows import RowReader
from seewhy.records.shards import read_rows, shard_path, to_table, write_shard
from seewhy.records.types import Gold, ImageRef, MatchRule, Pair, Question, Response, Split, Style, Verdict


def pair(number):
    return Pair(
        question_id=f"q{number}", style=Style.REASON, chosen=Response(text=f"right {number}", token_ids=(number, 1)),
        rejected=Response(text="wrong"), source="outcome", margin=1.0,
    )  # fmt: skip


def write(directory, sizes):
    rows = [pair(number) for number in range(sum(sizes))]
    left = iter(rows)
    for number, size in enumerate(sizes):
        write_shard(directory, number, [next(left) for _ in range(size)], Pair)
    return rows


def write_lines(path, rows):
    path.write_text("".join(json.dumps(dataclasses.asdict(row)) + "\n\n" for row in rows))
    return RowReader(path, type(rows[0]))


FORMS = ["shards", "parquet", "jsonl"]


def reader_of(tmp_path, form, sizes):
    rows = write(tmp_path / "rows", sizes)
    if form == "shards":
        return rows, RowReader(tmp_path / "rows", Pair)
    if form == "jsonl":
        return rows, write_lines(tmp_path / "rows.jsonl", rows)
    pq.write_table(to_table(rows, Pair), tmp_path / "rows.parquet", row_group_size=7)
    return rows, RowReader(tmp_path / "rows.parquet", Pair)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 30), min_size=1, max_size=4).filter(any), draw=st.data())
def test_rows_are_those_that_were_written_by_any_way_of_asking(form, sizes, draw, tmp_path_factory):
    rows, reader = reader_of(tmp_path_factory.mktemp("form"), form, sizes)
    assert len(reader) == len(rows)
    assert list(reader) == rows
    for number in draw.draw(st.permutations(range(len(rows)))):
        assert reader[number] == rows[number]
    assert reader[-1] == rows[-1]
    start, stop = (draw.draw(st.integers(-3, len(rows) + 3)) for _ in "ab")
    assert reader[start:stop] == rows[start:stop]
    assert reader[start:stop:2] == rows[start:stop:2]
    begin, end = sorted(max(0, edge) for edge in (start, stop))
    texts = [text for batch in reader.batches(["question_id"], begin, end) for text in batch.column(0).to_pylist()]
    assert texts == [row.question_id for row in rows[begin:end]]
    with pytest.raises(IndexError):
        reader[len(rows)]


@pytest.mark.parametrize("form", FORMS)
def test_a_reader_goes_to_another_process_with_its_path_alone(form, tmp_path):
    rows, reader = reader_of(tmp_path, form, [5, 4])
    assert reader[3] == rows[3]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(list, reader).result() == rows
    assert reader.__reduce__()[1] == (reader.path, Pair)


@pytest.mark.parametrize("size", [1023, 1024, 1025, 9000])
def test_rows_on_both_sides_of_a_block_are_found_by_number(size, tmp_path):
    rows, reader = reader_of(tmp_path, "parquet", [size])
    luck = random.Random(size)
    for number in [0, size - 1, *range(1020, min(size, 1030)), *luck.sample(range(size), 40)]:
        assert reader[number] == rows[number]


def test_questions_come_from_json_lines_with_what_has_a_default_left_out(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text(
        '\ufeff{"id": "1", "benchmark": "b", "split": "test", "text": "Größe?", "gold": {"answers": ["12"], "rule": '
        '"exact"}, "facets": {"kind": "sum"}, "images": [{"sha256": "ab", "path": "a.png"}], '
        '"context": "a\u2028b", "more": [1]}\n'
    )
    assert list(RowReader(path, Question)) == [
        Question(
            id="1", benchmark="b", split=Split.TEST, text="Größe?", gold=Gold(answers=("12",), rule=MatchRule.EXACT),
            facets={"kind": "sum"}, context="a\u2028b", images=(ImageRef(sha256="ab", path="a.png"),),
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"margin": "1"}, r"line 3, field 'margin': '1' does not fit; float is wanted"),
        ({"margin": 10**400}, r"line 3, field 'margin': 1000.* does not fit; float is wanted"),
        ({"margin": True}, r"line 3, field 'margin': True does not fit"),
        ({"style": "shout"}, r"line 3, field 'style': 'shout' does not fit; 'direct' or 'reason' or 'plain' is wanted"),
        ({"chosen": {"text": 3}}, r"line 3, field 'chosen', field 'text': 3 does not fit; str is wanted"),
        ({"chosen": {}}, r"line 3, field 'chosen' has no field 'text' of Response"),
        ({"chosen": {"text": "", "token_ids": [1, None]}}, r"field 'token_ids', element 1: None does not fit"),
        ({"source": None}, r"line 3, field 'source': None does not fit"),
        ({"source": "half \ud83d"}, r"line 3, field 'source': 'half .ud83d' holds half a character, '.ud83d'"),
        ({"question_id": 7}, r"line 3, field 'question_id': 7 does not fit; str is wanted"),
        ({"margin": math.nan}, r"line 3, field 'margin': nan is not a finite number"),
        ({"margin": math.inf}, r"line 3, field 'margin': inf is not a finite number"),
        ({"chosen": {"text": "", "token_ids": [1.5]}}, r"field 'token_ids', element 0: 1.5 does not fit"),
    ],
)
def test_a_line_that_does_not_fit_is_named_by_line_and_field(change, complaint, tmp_path):
    path = tmp_path / "pairs.jsonl"
    lines = [dataclasses.asdict(pair(0)), {**dataclasses.asdict(pair(1)), **change}]
    path.write_text("\n\n".join(map(json.dumps, lines)))
    reader = RowReader(path, Pair)
    for read in (lambda: list(reader), lambda: reader[1]):
        with pytest.raises(ValueError, match=complaint) as caught:
            read()
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("line", ["{", "[" * 100_000, "12", '"\udc80"'])
def test_a_line_that_is_no_object_is_named(line, tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(line.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=r"pairs\.jsonl, line 1"):
        list(RowReader(path, Pair))


@pytest.mark.parametrize(
    ("name", "error", "complaint"),
    [("none", FileNotFoundError, "no such file or folder"), ("none.parquet", FileNotFoundError, "no such file")],
)
def test_a_path_without_rows_is_named(name, error, complaint, tmp_path):
    with pytest.raises(error, match=complaint):
        RowReader(tmp_path / name, Pair)


def test_the_place_of_a_row_is_its_file_and_its_number_there(tmp_path):
    write(tmp_path, [3, 2])
    reader = RowReader(tmp_path, Pair)
    assert [reader.place_of(number) for number in (2, 3)] == [
        f"{shard_path(tmp_path, 0)}, row 2", f"{shard_path(tmp_path, 1)}, row 0"
    ]  # fmt: skip


def test_a_field_that_came_later_is_none_in_old_rows_whichever_way_they_are_asked(tmp_path):
    table = to_table([Verdict(question_id="q", index=0, style=Style.REASON, judge="j", outcome="correct")], Verdict)
    pq.write_table(table.drop(["agreement"]), shard_path(tmp_path, 0))
    reader = RowReader(tmp_path, Verdict)
    (batch,) = reader.batches(["agreement"])
    assert batch.to_pylist() == [{"agreement": None}]
    assert reader[0] == next(read_rows(tmp_path, Verdict))


GROWTH = """
import resource, sys
from pathlib import Path
from seewhy.records.rows import RowReader
from seewhy.records.types import Pair
reader = RowReader(Path(sys.argv[1]), Pair)
list(zip(range(4096), reader))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert sum(1 for _ in reader) == 120_000
for number in range(0, 120_000, 1500):
    reader[number]
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_does_not_grow_with_the_rows_read(tmp_path):
    """120,000 pairs of 2 kB are 240 MB as they lie in Arrow."""
    rows = [dataclasses.replace(pair(n), rejected=Response(text=f"{n} wrong " * 200)) for n in range(4000)]
    for number in range(30):
        write_shard(tmp_path, number, rows, Pair)
    done = subprocess.run([sys.executable, "-c", GROWTH, str(tmp_path)], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 150

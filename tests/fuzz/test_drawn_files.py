"""Files of any content: questions and predictions are read, or refused with the file and the line."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import fields as fields_of
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from seewhy.benchmarks import jsonl
from seewhy.evaluation.predictions import Columns, id_text, read_predictions, whole_id
from seewhy.evaluation.tables import read_table
from seewhy.records.cells import has_halves, mend_halves
from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Question, Split

T = TypeVar("T")
ODD = st.sampled_from(
    [float("nan"), float("inf"), -0.0, 12.0, 1e300, 10**30, True, None, "", " ", "\ud83d", "\u2028", "\ufeff", "NaN",
     "=x", "a\nb", "\x00", "A", "<image>", [], {}, [None], ["a", ""], {"a": 1}]
)  # fmt: skip
VALUES = st.one_of(ODD, st.text(max_size=12), st.integers(-5, 5), st.lists(st.text(max_size=3), max_size=4))
NAMES = st.sampled_from(["id", "split", "question", "options", "answer", "answers", "rule", "facets", "context", "x"])
GOOD = {"id": "1", "split": "test", "question": "Which?", "options": ["cat", "dog"], "answer": "B"}
ROWS = st.dictionaries(NAMES, VALUES, max_size=4).map(lambda odd: {**GOOD, **odd})
BYTES = st.one_of(
    st.binary(max_size=60),
    ROWS.map(lambda row: json.dumps(row).encode()),
    ROWS.map(lambda row: json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")),
    ROWS.map(lambda row: json.dumps(row)[:-2].encode()),
    ROWS.map(lambda row: b"\xef\xbb\xbf" + json.dumps(row).encode("utf-16")),
)


def texts_of(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts_of(part)]
    if isinstance(value, tuple | list):
        return [text for part in value for text in texts_of(part)]
    return []


def read_or_refused(read: Callable[[], Iterable[T]]) -> list[T] | str:
    """What was read, or the words of the refusal."""
    try:
        return list(read())
    except ValueError as error:
        return str(error)


@given(st.lists(BYTES, min_size=1, max_size=4))
def test_a_questions_file_is_read_or_refused_with_the_line(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("questions") / "mine.jsonl"
    path.write_bytes(b"\n".join(lines))
    questions = read_or_refused(lambda: jsonl.load(path, Split.TEST, count=9))
    if isinstance(questions, str):
        assert re.search(r"mine\.jsonl:\d+: .{10}", questions) or "no question in its test split" in questions
        return
    assert len({question.id for question in questions}) == len(questions)
    for question in questions:
        texts = [text for field in fields_of(question) for text in texts_of(getattr(question, field.name))]
        assert not any(has_halves(text) for text in texts)
        assert all(text.strip() for text in (question.id, question.text, *question.options))
    write_shard(path.parent, 0, questions, Question)  # what was taken can be kept
    assert list(read_rows(path.parent, Question)) == questions


PREDICTED = st.lists(
    st.fixed_dictionaries({"id": st.one_of(st.integers(0, 9), st.sampled_from(["2.0", " 3 "]), ODD), "text": ODD}),
    min_size=1, max_size=5,
)  # fmt: skip


@given(PREDICTED, st.sampled_from(["jsonl", "json"]))
def test_predictions_are_read_or_refused_with_the_row(tmp_path_factory, rows, ending):
    path = tmp_path_factory.mktemp("predictions") / f"theirs.{ending}"
    written = json.dumps(rows) if ending == "json" else "\n".join(map(json.dumps, rows))
    path.write_text(written, encoding="utf-8")
    found = read_or_refused(lambda: read_predictions(read_table(path), Columns(id="id", text="text"), repeats=True))
    if isinstance(found, str):
        assert "theirs." in found
        return
    ids = {mend_halves(id_text(row["id"], "")) for row in rows}
    assert {prediction.question_id for prediction in found} <= ids
    for prediction in found:
        assert not has_halves(prediction.question_id)
        prediction.text.encode()


IDS = st.lists(st.integers(0, 10**6), min_size=1, max_size=5, unique=True)
WAYS = st.sampled_from(["{}", "{}.0", '"{}"', '" {} "', '"{}.0"'])


@given(IDS, st.data())
def test_an_id_is_one_however_a_table_writes_it(ids, data):
    said = [json.loads(data.draw(WAYS).format(one)) for one in ids]
    assert [whole_id(id_text(one, "here")) for one in said] == [str(one) for one in ids]


@given(IDS, st.sampled_from(["csv", "tsv", "jsonl"]), st.sampled_from(["", "\u2028", "\x85", "\x0b", "\x1e"]))
def test_marks_at_the_beginning_and_separators_of_lines_within_cells_change_no_row(tmp_path_factory, ids, form, sign):
    path = tmp_path_factory.mktemp("marks") / f"theirs.{form}"
    rows = [{"id": str(one), "text": f"a{sign}b"} for one in ids]
    mark = "\t" if form == "tsv" else ","
    lines = [mark.join(row.values()) for row in rows]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows if form == "jsonl") or "\n".join(
        [f"id{mark}text", *lines]
    )
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    table = read_table(path)
    assert [dict(row) for row in table.rows] == rows


@given(st.integers(2_001, 40_000), st.sampled_from(["csv", "tsv"]))
def test_a_table_of_too_many_columns_is_refused_with_their_number(tmp_path_factory, count, form):
    path = tmp_path_factory.mktemp("wide") / f"theirs.{form}"
    mark = "\t" if form == "tsv" else ","
    path.write_text(mark.join(f"c{number}" for number in range(count)) + "\n" + mark.join(["1"] * count))
    assert str(count) in str(read_or_refused(lambda: read_table(path).rows))


@given(st.integers(1_000, 200_000), st.sampled_from("[{"), st.sampled_from(["json", "jsonl"]))
def test_deep_nesting_is_refused_with_the_file(tmp_path_factory, depth, sign, form):
    path = tmp_path_factory.mktemp("deep") / f"theirs.{form}"
    path.write_text('[{"id": ' if form == "json" else '{"id": ' + (sign if sign == "[" else '{"a":') * depth)
    assert "theirs." in str(read_or_refused(lambda: read_table(path).rows))


@given(st.sampled_from(["id", "text"]), st.sampled_from([1, "a", None]))
def test_a_name_that_stands_twice_in_a_row_is_refused_by_name(tmp_path_factory, name, value):
    path = tmp_path_factory.mktemp("twice") / "theirs.jsonl"
    path.write_text(f'{{"id": 1, "text": "a", "{name}": {json.dumps(value)}}}')
    found = read_or_refused(lambda: read_table(path).rows)
    assert isinstance(found, str)
    assert repr(name) in found

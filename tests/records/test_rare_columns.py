"""A field that most rows leave at its default has no column there, and older rows are what they were."""

import hashlib
from dataclasses import replace

import datasets
import pyarrow.parquet as pq
import pytest

from seewhy.records.canonical import hash_json
from seewhy.records.rows import RowReader
from seewhy.records.shards import read_rows, read_shard, write_shard
from seewhy.records.turns import ImageRef, Role, Turn
from seewhy.records.types import Gold, Lesson, MatchRule, Pair, Question, Response, Split, Style

PAGE = ImageRef(sha256="ab12", path="images/ab12.png")
QUESTION = Question(
    id="inkgrid/test/0", benchmark="inkgrid", split=Split.TEST, text="What is the sum of row 1?",
    gold=Gold(answers=("12", "twelve"), rule=MatchRule.RELAXED_NUMBER), images=(PAGE,),
    facets={"kind": "row_sum", "grid": "3x3"},
)  # fmt: skip
ASKED_BEFORE = replace(
    QUESTION, id="b", turns=(Turn(role=Role.SYSTEM, text="Be brief."), Turn(role=Role.USER, text="See .", places=(4,)))
)
PAIR = Pair(
    question_id="q", style=Style.REASON, chosen=Response(text="12"), rejected=Response(text="11"), source="outcome",
    margin=1.0,
)  # fmt: skip
LESSON = Lesson(question_id="q", style=Style.DIRECT, response=Response(text="12"), source="gold")


@pytest.mark.parametrize(
    ("row", "names", "canonical"),
    [
        (QUESTION, ["id", "benchmark", "split", "text", "gold", "context", "options", "images", "rationale", "facets"],
         "3ca3b2caa6f21485"),
        (PAIR, ["question_id", "style", "chosen", "rejected", "source", "margin"], "f306de62c573bcea"),
        (LESSON, ["question_id", "style", "response", "source"], "f053235486fd6691"),
    ],
)  # fmt: skip
def test_a_single_question_and_a_plain_pair_are_written_as_before_there_were_conversations(
    tmp_path, row, names, canonical
):
    path = write_shard(tmp_path, 0, [row], type(row))
    assert pq.read_schema(path).names == names
    assert hash_json(row)[:16] == canonical  # taken at the commit before the fields came
    assert read_shard(path, type(row)) == [row]


def test_a_shard_with_one_conversation_holds_the_column_and_all_shards_read_as_one(tmp_path):
    rows = [[QUESTION], [QUESTION, ASKED_BEFORE], [replace(QUESTION, places=(4,))]]
    for number, block in enumerate(rows):
        write_shard(tmp_path, number, block, Question)
    assert pq.read_schema(tmp_path / "part-00001.parquet").names[-1] == "turns"
    assert list(read_rows(tmp_path, Question)) == [row for block in rows for row in block]
    reader = RowReader(tmp_path, Question)
    assert [reader[number] for number in range(4)] == [row for block in rows for row in block]


def test_rare_columns_open_in_datasets_where_all_shards_have_them(tmp_path):
    write_shard(tmp_path / "rows", 0, [ASKED_BEFORE], Question)
    write_shard(tmp_path / "rows", 1, [QUESTION], Question)
    loaded = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "rows" / "*.parquet"), cache_dir=str(tmp_path / "cache"), split="train"
    )
    assert loaded[0]["turns"][1] == {"role": "user", "text": "See .", "places": [4]}
    assert not loaded[1]["turns"]


def test_a_pair_keeps_its_stream_weight_and_the_pictures_of_its_rejected_side(tmp_path):
    rows = [PAIR, replace(PAIR, stream="format", weight=0.5), replace(PAIR, rejected_images=()),
            replace(PAIR, rejected_images=(PAGE,))]  # fmt: skip
    assert read_shard(write_shard(tmp_path, 0, rows, Pair), Pair) == rows
    assert hash_json(rows[1]) != hash_json(PAIR)
    assert hash_json(rows[2]) != hash_json(PAIR)


def test_equal_rows_give_equal_bytes_with_rare_columns_too(tmp_path):
    paths = [write_shard(tmp_path / name, 0, [ASKED_BEFORE, QUESTION], Question) for name in "ab"]
    assert len({hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}) == 1


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_a_weight_that_is_no_number_is_refused(tmp_path, weight):
    with pytest.raises(ValueError, match="'weight'"):
        write_shard(tmp_path, 0, [replace(PAIR, weight=weight)], Pair)


def test_lines_of_pairs_may_hold_the_new_fields_or_leave_them_out(tmp_path):
    path = tmp_path / "pairs.jsonl"
    plain = (
        '{"question_id": "q", "style": "reason", "chosen": {"text": "a"}, "rejected": {"text": "b"}, "source": "s", '
    )
    path.write_text(plain + '"margin": 1}\n' + plain + '"margin": 1, "stream": "format", "weight": 2}\n')
    assert [(row.stream, row.weight) for row in RowReader(path, Pair)] == [("", 1.0), ("format", 2.0)]
    assert next(RowReader(path, Pair).batches(("stream", "weight"))).to_pydict()["weight"] == [1.0, 2.0]

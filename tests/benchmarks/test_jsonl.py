"""Rows of one's own are taken as they stand, or refused by file, line, field and remedy; none is lost in silence."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from seewhy.benchmarks import jsonl
from seewhy.benchmarks.lines.fields import FIELDS
from seewhy.records.types import MatchRule, Split

GOOD = {"id": "1", "split": "train", "question": "What is the total?", "answer": "12"}


def write(folder: Path, *rows: object, name: str = "mine.jsonl") -> Path:
    path = folder / name
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def read(source: Path, split: Split = Split.TRAIN, count: int = 100, first: int = 0):
    return list(jsonl.load(source, split, count=count, first=first))


def picture(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), 77).save(path)
    return path


def test_every_field_of_a_row_is_in_its_question(tmp_path):
    shown = picture(tmp_path, "pages/a.png")
    row = {**GOOD, "context": "A bill.", "images": ["pages/a.png"], "rationale": "7 and 5 are 12.", "rule": "math",
           "facets": {"kind": "sum", "steps": 2}}  # fmt: skip
    (question,) = read(write(tmp_path, row))
    assert (question.id, question.benchmark, question.split) == ("1", "jsonl", Split.TRAIN)
    assert (question.text, question.context, question.rationale) == ("What is the total?", "A bill.", "7 and 5 are 12.")
    assert (question.gold.answers, question.gold.rule) == (("12",), MatchRule.MATH)
    assert question.facets == {"kind": "sum", "steps": "2"}
    (image,) = question.images
    assert (image.path, image.sha256) == (str(shown), sha256(shown.read_bytes()).hexdigest())


@pytest.mark.parametrize(
    ("fields", "answers", "rule"),
    [
        ({"answer": 12}, ("12",), MatchRule.EXACT),
        ({"answers": ["12", "twelve"], "answer": None}, ("12", "twelve"), MatchRule.EXACT),
        ({"options": ["11", "12"], "answer": "B"}, ("B",), MatchRule.LETTER),
        ({"options": ["11", "12"], "answer": "12"}, ("B",), MatchRule.LETTER),
        ({"options": ["A", "B"], "answer": "A"}, ("A",), MatchRule.LETTER),
        ({"rule": "relaxed_number"}, ("12",), MatchRule.RELAXED_NUMBER),
        ({"rule": "open", "answer": None}, (), MatchRule.OPEN),
    ],
)
def test_the_rule_follows_from_the_kind_unless_the_row_names_one(tmp_path, fields, answers, rule):
    row = {name: value for name, value in {**GOOD, **fields}.items() if value is not None}
    (question,) = read(write(tmp_path, row))
    assert (question.gold.answers, question.gold.rule) == (answers, rule)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"answer": None}, "field 'answer' is missing; give the right answer"),
        ({"answer": " "}, "field 'answer' must be text"),
        ({"answers": ["12"]}, "fields 'answer' and 'answers' are both there"),
        ({"anwser": "12"}, "unknown field 'anwser'; did you mean 'answer'?"),
        ({"zzz": "12"}, "unknown field 'zzz'; there are id, split, question"),
        ({"id": None}, "field 'id' is missing"),
        ({"id": True}, "field 'id' must be text"),
        ({"question": ""}, "field 'question' must be text"),
        ({"split": None}, "field 'split' is missing; say which of train, validation, test"),
        ({"split": "validate"}, "field 'split' is 'validate'; did you mean 'validation'?"),
        ({"rule": "exakt"}, "field 'rule' is 'exakt'; did you mean 'exact'?"),
        ({"rule": "letter"}, "field 'rule' is 'letter' and there are no 'options'"),
        ({"options": ["11", "12"], "answer": "C"}, "field 'answer': 'C' names none of the 2 options; give a letter"),
        ({"options": ["12", "12"]}, "field 'options' holds '12' twice"),
        ({"options": ["12"]}, "field 'options' holds 1; give 2 to 26"),
        ({"options": "11, 12"}, "field 'options' must be a list"),
        ({"facets": ["sum"]}, "field 'facets' must map names to values"),
        ({"answer": float("nan")}, "field 'answer' is nan, which is no number"),
        ({"answers": ["12", float("inf")], "answer": None}, "field 'answers' is inf, which is no number"),
        ({"id": float("-inf")}, "field 'id' is -inf, which is no number"),
        ({"question": "What is \ud83d?"}, "field 'question' holds half a character"),
        ({"context": "\udc00"}, "field 'context' holds half a character"),
        ({"options": ["a", "b\ud83d"]}, "field 'options' holds half a character"),
        ({"facets": {"kind\ud83d": 1}}, "field 'facets' holds half a character"),
        ({"options": [None, "12"]}, "field 'options' must be text (or a number), and is None"),
        ({"rationale": 3}, "field 'rationale' must be text"),
        ({"image": "no.png"}, "no.png is not there; paths are relative to the file"),
        ({"images": "no.png"}, "field 'images' must be a list"),
    ],
)
def test_a_bad_row_is_refused_by_line_field_and_remedy(tmp_path, fields, told):
    bad = {name: value for name, value in {**GOOD, "id": "2", **fields}.items() if value is not None}
    source = write(tmp_path, GOOD, "", bad)
    with pytest.raises(ValueError, match="cannot be read") as refused:
        read(source)
    assert f"{source}:3: " in str(refused.value)
    assert told in str(refused.value)


@pytest.mark.parametrize("name", [*FIELDS, "every one"])
def test_a_field_that_is_null_is_left_out(tmp_path, name):
    needed = {"id", "split", "question", "answer"}
    rows = {**dict.fromkeys(FIELDS if name == "every one" else [name])}
    row = {**rows, **{name: GOOD[name] for name in needed}}
    if name == "answer":
        row |= {"answer": None, "rule": "open"}
    (question,) = read(write(tmp_path, row))
    assert (question.text, question.images, question.options) == (GOOD["question"], (), ())


def test_a_kind_that_is_null_is_no_kind(tmp_path):
    (question,) = read(write(tmp_path, {**GOOD, "facets": {"kind": None, "steps": 2}}))
    assert question.facets == {"steps": "2"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.0, "12"), (0.00001, "0.00001"), (1e22, "10000000000000000000000"), (-0.5, "-0.5"), (2.50, "2.5"), (7, "7")],
)
def test_a_number_is_written_out_wherever_it_stands(tmp_path, value, text):
    row = {**GOOD, "id": value, "answers": [value], "options": [value, "x"], "facets": {"size": value}, "rule": "exact"}
    (question,) = read(write(tmp_path, {name: part for name, part in row.items() if name != "answer"}))
    assert (question.id, question.gold.answers, question.options[0], question.facets) == (
        text, (text,), text, {"size": text},
    )  # fmt: skip


def test_1_and_1_0_are_one_id(tmp_path):
    with pytest.raises(ValueError, match=r"field 'id': '1' is the id of .*mine\.jsonl:1 too"):
        read(write(tmp_path, {**GOOD, "id": 1}, {**GOOD, "id": 1.0}))


def test_a_letter_that_is_another_options_text_is_the_letter_where_no_row_names_a_text(tmp_path):
    marked = {**GOOD, "id": "2", "options": ["B", "A"], "answer": "A"}
    by_letter = {**GOOD, "id": "3", "options": ["a cat", "a dog"], "answer": "B"}
    found = read(write(tmp_path, GOOD, marked, by_letter))
    assert [question.gold.answers for question in found] == [("12",), ("A",), ("B",)]
    by_text = {**by_letter, "answer": "a dog"}
    with pytest.raises(ValueError, match="a row cannot be read") as refused:
        read(write(tmp_path, GOOD, marked, by_text))
    assert "mine.jsonl:2: field 'answer': 'A' is a letter and the text of another option" in str(refused.value)


def test_a_line_separator_within_a_text_ends_no_row(tmp_path):
    source = tmp_path / "mine.jsonl"
    source.write_text(json.dumps({**GOOD, "question": "a\u2028b\x85c"}, ensure_ascii=False) + "\n", encoding="utf-8")
    assert [question.text for question in read(source)] == ["a\u2028b\x85c"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{'id': 1}", "not JSON"),
        ("[1, 2]", "a row is a JSON object"),
        ('{"id": "2", "id": "3"}', "field 'id' stands there 2 times"),
    ],
)
def test_a_line_that_is_no_row_is_refused(tmp_path, line, told):
    source = write(tmp_path, GOOD, line)
    with pytest.raises(ValueError, match="cannot be read") as refused:
        read(source)
    assert f"{source}:2: " in str(refused.value)
    assert told in str(refused.value)


def test_a_line_in_another_encoding_is_refused(tmp_path):
    source = tmp_path / "mine.jsonl"
    source.write_bytes(json.dumps(GOOD).encode() + b'\n{"id": "caf\xe9"}\n')
    with pytest.raises(ValueError, match=r"mine\.jsonl:2: not UTF-8 .*; save the file as UTF-8"):
        read(source)


def test_windows_line_ends_and_a_byte_order_mark_are_no_fault(tmp_path):
    source = tmp_path / "mine.jsonl"
    source.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n\r\n")
    assert [question.id for question in read(source)] == ["1"]


def test_all_bad_rows_are_told_at_once(tmp_path):
    source = write(tmp_path, "{", GOOD, GOOD, {**GOOD, "id": "4", "rule": "luck"})
    with pytest.raises(ValueError, match="3 rows cannot be read") as refused:
        read(source)
    lines = str(refused.value).splitlines()
    assert [line.strip().removeprefix(f"{source}:").split(":")[0] for line in lines[1:]] == ["1", "3", "4"]
    assert f"field 'id': '1' is the id of {source}:2 too" in lines[2]


def test_more_than_twenty_bad_rows_are_counted(tmp_path):
    with pytest.raises(ValueError, match="23 rows cannot be read") as refused:
        read(write(tmp_path, *["{"] * 23))
    assert len(str(refused.value).splitlines()) == 22
    assert "... and 3 more" in str(refused.value)


@pytest.mark.parametrize("fault", [b"no picture", b"", "cut"])
def test_a_picture_that_cannot_be_opened_is_refused_with_the_row_that_names_it(tmp_path, fault):
    shown = picture(tmp_path, "a.png")
    shown.write_bytes(shown.read_bytes()[:45] if fault == "cut" else fault)
    source = write(tmp_path, GOOD, {**GOOD, "id": "2", "image": "a.png"})
    with pytest.raises(ValueError, match=r"mine\.jsonl:2: field 'images': .*a\.png cannot be read as a picture"):
        read(source)


def test_a_split_without_a_row_is_refused_and_the_others_are_counted(tmp_path):
    with pytest.raises(ValueError, match=r"no question in its test split \(it has 1 of train\).*--questions\.test 0"):
        read(write(tmp_path, GOOD), Split.TEST)


def test_questions_come_in_the_order_of_the_file_from_the_first_that_is_asked_for(tmp_path):
    rows = [{**GOOD, "id": number, "split": ["train", "test"][number % 2]} for number in range(10)]
    source = write(tmp_path, *rows)
    assert [question.id for question in read(source, count=3, first=1)] == ["2", "4", "6"]
    assert jsonl.sizes(source) == {Split.TRAIN: 5, Split.VALIDATION: 0, Split.TEST: 5, Split.SHIFTED: 0}


def test_a_folder_has_one_file_a_split(tmp_path):
    bare = {name: value for name, value in GOOD.items() if name != "split"}
    write(tmp_path, bare, name="train.jsonl")
    write(tmp_path, {**GOOD, "id": "2", "split": "test"}, name="test.jsonl")
    assert [question.id for split in (Split.TRAIN, Split.TEST) for question in read(tmp_path, split)] == ["1", "2"]
    write(tmp_path, {**GOOD, "id": "2"}, name="test.jsonl")
    with pytest.raises(ValueError, match=r"test\.jsonl:1: field 'split' is 'train' in the file of test"):
        read(tmp_path)


def test_an_id_is_unique_over_the_files_of_a_folder(tmp_path):
    write(tmp_path, {**GOOD, "split": "test"}, name="test.jsonl")
    write(tmp_path, GOOD, name="train.jsonl")
    with pytest.raises(ValueError, match=r"train\.jsonl:1: field 'id': '1' is the id of .*test\.jsonl:1 too"):
        read(tmp_path)


def test_a_file_of_a_folder_that_no_split_would_read_is_refused(tmp_path):
    write(tmp_path, GOOD, name="vali.jsonl")
    with pytest.raises(ValueError, match=r"vali\.jsonl: a folder's files are called train, validation"):
        read(tmp_path)


def test_a_source_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no such file or folder; name that of your questions"):
        read(tmp_path / "none.jsonl")

"""Rows that no release has, and one's own that cannot be meant: each is refused before a file is written."""

import json
from dataclasses import replace

import pytest
from formats.refusals import complaint
from written.sample import coded, held, png, write_rows

from seewhy.benchmarks import ai2d, llavabench, nlvr, pope
from seewhy.benchmarks.ink.kinds import AnswerForm
from seewhy.benchmarks.ink.options import highest
from seewhy.benchmarks.ink.page import Page
from seewhy.benchmarks.release.choices import letter_at
from seewhy.benchmarks.release.rows import Row
from seewhy.records.types import Split

CHART = {"query": "q?", "label": ["1"], "human_or_machine": 0, "image": held(1)}
PRO = {"id": "1", "question": "q?", "options": "['a', 'b']", "answer": "A", "subject": "Music", "image_1": held(1)}
BOXES = {"identifier": "1-0", "label": "true", "sentence": "s", "directory": "1", "evals": {"r0": "true"}}
PROBE = {"question_id": 1, "image": "1.png", "text": "q?", "label": "yes", "category": "random"}
SCIENCE = {
    "key": "1",
    "question": "q?",
    "choices": ["a", "b"],
    "answer": 1,
    "subject": "natural science",
    "split": "test",
}
TABLE = {"key": "1", "question": "q?", "choices": ["a", "b"], "answer": "a", "ques_type": "x", "ans_type": "y",
         "grade": 3, "split": "test"}  # fmt: skip


def said(reply, turns=None):
    asked = {"from": "human", "value": "<image>\nQuestion:What?\nChoices:\nA:30\nB:40"}
    return {"id": "1", "image": "1.png", "conversations": turns or [asked, {"from": "gpt", "value": reply}]}


def diagram(**changes):
    asked = {"questionId": "1.png-0", "correctAnswer": 1, "abcLabel": False, "answerTexts": ["a", "b"], **changes}
    return {"imageName": "1.png", "questions": {"What?": asked}}


MADE = {
    "chartqa": "test-0.parquet",
    "easyvqa": "test/questions.json",
    "geoqa": "test.json",
    "mmmupro": "test-0.parquet",
    "nlvr": "test.jsonl",
    "pope": "test-0.parquet",
    "scienceqa": "test.jsonl",
    "tabmwp": "problems_test.json",
    "docvqa": "validation-0.parquet",
    "ai2d": "questions/1.png.json",
}
ROWS = [
    ("chartqa", {**CHART, "human_or_machine": 7}, "field 'human_or_machine' (or type) is '7'; it must say human or"),
    ("chartqa", {**CHART, "human_or_machine": None}, "is missing, and the file is called test-0.parquet"),
    ("easyvqa", ["q?", "yes"], "field 'items' must hold question, answer and picture, and is ('q?', 'yes')"),
    ("geoqa", said("It is so."), "field 'conversations': the reply ends without 'Answer:', in 'It is so.'"),
    ("geoqa", said("So. Answer:E"), "field 'conversations': the answer is 'E', and there are 2 options"),
    ("geoqa", said("", [{"from": "human", "value": "?"}]), "must hold a question's turn and a reply's"),
    ("mmmupro", {**PRO, "subject": "Law"}, "field 'subject' is 'Law'; it must be one of MMMU's, such as 'Accounting'"),
    ("mmmupro", {**PRO, "options": "['a', 'b'"}, "field 'options' looks like a list and is none"),
    ("mmmupro", {**PRO, "answer": "C"}, "field 'answer' is 'C', and there are 2 options"),
    ("nlvr", {**BOXES, "label": "maybe"}, "field 'label' must be true or false, and is 'maybe'"),
    ("nlvr", {**BOXES, "evals": "true"}, "field 'evals' must be an object, and is 'true'"),
    ("pope", {**PROBE, "category": "odd"}, "field 'category' is 'odd'; it must be one of random, popular, adversarial"),
    ("pope", {**PROBE, "category": None}, "field 'category' is missing, and the file is called test-0.parquet"),
    ("pope", {**PROBE, "label": "maybe"}, "field 'label' must be yes or no, and is 'maybe'"),
    ("scienceqa", {**SCIENCE, "subject": "art"}, "field 'subject' is 'art'; there are natural science, social science"),
    ("scienceqa", {**SCIENCE, "choices": ["a"], "answer": 0}, "there are 1 options; a multiple-choice question has"),
    ("scienceqa", {**SCIENCE, "image": 5}, "field 'image' must hold a picture or its path, and is 5"),
    ("scienceqa", 5, "a row is a JSON object such as {'id': '1', ...}, and this is 5"),
    ("tabmwp", {**TABLE, "answer": "c"}, "field 'answer' is 'c', and the options are a, b"),
    ("docvqa", {"questionId": 1, "question": "q?", "answers": [], "image": held(1)}, "the gold answer is missing"),
    ("ai2d", diagram(abcLabel="maybe"), "field 'questions', 'What?': field 'abcLabel' must be true or false, and is"),
    ("ai2d", diagram(correctAnswer="two"), "'What?': field 'correctAnswer' must be a whole number, and is 'two'"),
    ("ai2d", {"imageName": "1.png", "questions": {"What?": 5}}, "'What?': field 'questions' must be an object"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "fact"), ROWS, ids=[f"{name}-{fact[:40]}" for name, _, fact in ROWS])
def test_a_row_that_the_release_cannot_have_is_refused_by_file_row_and_field(tmp_path, capsys, name, row, fact):
    place = tmp_path / MADE[name]
    place.parent.mkdir(exist_ok=True)
    if name == "ai2d":
        place.write_text(json.dumps(row))
        (tmp_path / "ai2d_test_ids.csv").write_text("1\n")
    else:
        write_rows(place, [row], "keyed" if name == "tabmwp" else "")
    (tmp_path / "1.png").write_bytes(png(1))
    split = "validation" if name == "docvqa" else "test"
    out = tmp_path / "out.jsonl"
    what, remedy = complaint(capsys, "import", name, "--root", tmp_path, "--split", split, "--out", out)
    assert what.splitlines()[0] == "a row cannot be read; correct it and run the same command again:"
    assert f"  {place}:1: " in what
    assert fact in what
    assert remedy == "correct it and run the same command again"
    assert not out.exists()


OWN = [
    ("id,question,answer,options,A\n1,?,A,\"[\"\"x\"\",\"\"y\"\"]\",x\n", "2: columns 'options' and 'A', 'B', ... are"),
    ("id,question,answer,facets\n1,?,A,{x\n", "2: column 'facets' is no JSON (Expecting property name"),
    ("id,conversations\n1,hello\n", "2: column 'conversations' is no JSON (Expecting value"),
    ({"question": "?", "options": ["x", "y"], "answer": "A", "answer_index": 0}, "'answer' and 'answer_index' are"),
    ({"question": "?", "answer_index": 0}, "1: field 'answer_index' counts 'options' from 0, and there are none"),
    ({"question": "?", "system": 5}, "1: field 'system' must be text, and is 5"),
    ({"question": "?", "system": " "}, "1: field 'system' is blank; leave it out"),
    ({"question": "?", "system": "<image>"}, "1: field 'system' holds <image>; pictures belong in the user's turns"),
    ({"messages": "?"}, "1: field 'messages' must be a list of turns, and is '?'"),
    ({"messages": [{"from": "human", "value": "?"}]}, "1: field 'messages': turn 1 names no 'role'"),
    ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "turn 1 has a part of type 'video'; text and"),
    ({"messages": [{"role": "user", "content": [{"text": "?"}]}]}, "turn 1 has a part without a 'type', {'text': '?'}"),
    ({"messages": [{"role": "user", "content": [{"type": "image", "image": "1.png"}, {"type": "text", "text": "?"}]}],
      "images": ["1.png"]}, "1: field 'messages' names pictures, and so does 'images'; keep one"),
    ({"question": "?", "image": {"bytes": None, "path": None}}, "1: field 'image' must hold a picture or its path"),
    ({"question": "?", "images": [None, {"path": "1.png"}]}, "1: field 'images' must hold a picture or its path"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "fact"), OWN, ids=[fact[:40] for _, fact in OWN])
def test_a_row_of_ones_own_that_cannot_be_meant_is_refused(tmp_path, capsys, rows, fact):
    place = tmp_path / ("test.csv" if isinstance(rows, str) else "test.jsonl")
    place.write_text(rows if isinstance(rows, str) else json.dumps({"id": "1", **rows}) + "\n")
    (tmp_path / "1.png").write_bytes(png(1))
    out = tmp_path / "out.jsonl"
    what, _ = complaint(capsys, "import", "jsonl", "--root", tmp_path, "--split", "test", "--out", out)
    assert f"  {place}:" in what
    assert fact in what
    assert not out.exists()


def test_a_file_beside_the_rows_that_is_not_there_or_broken_is_told_once(tmp_path, capsys):
    rows = [{"question_id": number, "image": "1.png", "text": "q?", "category": "c"} for number in range(3)]
    write_rows(tmp_path / "questions.jsonl", rows, "")
    (tmp_path / "1.png").write_bytes(png(1))
    words = ["import", "llavabench", "--root", tmp_path, "--split", "test", "--out", tmp_path / "out.jsonl"]
    beside = tmp_path / "answers_gpt4.jsonl"
    what, remedy = complaint(capsys, *words)
    assert what == f"{beside} is not there, and holds the answers that replies are rated against"
    assert remedy == "download it with the questions"
    for line, fact in (('{"question_id": 0, "text": "x"\n', "1: not JSON"), ('{"question_id": 0}\n', "1: field 'text'"),
                       ('{"text": "x"}\n', "1: field 'question_id' must")):  # fmt: skip
        beside.write_text(line)
        what, remedy = complaint(capsys, *words)
        assert what.startswith(f"{beside}:{fact}")
        assert remedy == "mend it, or download it again"
    write_rows(beside, [{"question_id": number, "text": "x"} for number in range(3)], "")
    assert len(list(llavabench.load(tmp_path, Split.TEST, count=9))) == 3


def test_a_list_of_test_ids_that_changed_is_read_again(tmp_path):
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "1.png.json").write_text(json.dumps(diagram(correctAnswer=1.0)))
    (tmp_path / "ai2d_test_ids.csv").write_text("2\n")
    assert ai2d.sizes(tmp_path)[Split.TEST] == 0
    (tmp_path / "ai2d_test_ids.csv").unlink()
    (tmp_path / "ai2d_test_ids.csv").write_text("1\n")
    (question,) = ai2d.load(tmp_path, Split.TEST, count=9)
    assert question.gold.answers == ("B",)


@pytest.mark.parametrize(("value", "is_true"), [(1, True), (True, True), ("true", True), (0, False), ("False", False)])
def test_a_flag_may_be_a_number_and_a_truth_value_a_label(tmp_path, value, is_true):
    row = Row(place="x:1", fields={"flag": value}, file=tmp_path, root=tmp_path, split=Split.TEST, names=(), number=0)
    assert row.is_true("flag") is is_true
    write_rows(tmp_path / "test.jsonl", [{**BOXES, "label": bool(is_true)}], "")
    assert {one.gold.answers for one in nlvr.load(tmp_path, Split.TEST, count=9)} == {("yes" if is_true else "no",)}


def test_a_text_that_is_too_long_for_a_path_is_one_bad_row_and_abbreviated(tmp_path, capsys):
    """As a picture in base64 is in a field of paths: the system's own error named neither file nor row."""
    place = tmp_path / "test.jsonl"
    text = "iVBORw0KGgo" * 500
    place.write_text(json.dumps({"id": "1", "question": "?", "answer": "x", "image": text}) + "\n")
    what, _ = complaint(capsys, "import", "jsonl", "--root", tmp_path, "--split", "test")
    assert f"  {place}:1: field 'images': {tmp_path}/iVBORw0KGgo" in what
    assert "characters) is not there; paths are relative to the file of the row" in what
    assert len(what) < 800
    write_rows(tmp_path / "coco_pope_random.json", [{**PROBE, "image": "é" * 300}], "lines")
    what, _ = complaint(capsys, "import", "pope", "--root", tmp_path, "--split", "test")
    assert f"{tmp_path / 'coco_pope_random.json'}:1: field 'image': " in what
    assert "is not there" in what


def test_votes_and_folders_of_any_kind_are_no_error(tmp_path):
    row = {**BOXES, "directory": '{"a": 1}', "evals": {"r0": "true", "r1": {"a": 1}}}
    write_rows(tmp_path / "test.jsonl", [row], "")
    assert {one.facets["votes"] for one in nlvr.load(tmp_path, Split.TEST, count=9)} == {"divided"}


def test_a_number_of_an_option_survives_a_column_of_floats(tmp_path):
    row = Row(place="x:1", fields={"answer": 1.0}, file=tmp_path, root=tmp_path, split=Split.TEST, names=(), number=0)
    assert letter_at(row, "answer", ("a", "b")) == "B"


def test_a_benchmark_that_forgets_a_breakdown_is_told_which(tmp_path):
    """An error of the benchmark's own file: no row leads there."""
    write_rows(tmp_path / "POPE.tsv", [{"index": 1, "question": "q?", "answer": "yes", "category": "random",
                                        "image": coded(1)}], "")  # fmt: skip
    with pytest.raises(ValueError, match="its facets are objects, and pope declares objects, kind"):
        replace(pope.RELEASE, facets=("objects", "kind")).load(tmp_path, Split.TEST, count=1)


@pytest.mark.parametrize("form", [AnswerForm.LINE, AnswerForm.SHORT_ONLY])
def test_answers_that_are_no_numbers_have_no_highest_one(form):
    with pytest.raises(ValueError, match="are no numbers"):
        highest(form, Page(digits=((1, 2),), noise="low"))

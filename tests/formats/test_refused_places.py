"""Files, lists of files and folders that cannot be read or written: each is told with what to do, which then helps."""

import json

import pyarrow.parquet as pq
import pytest
from formats.made_sets import IMAGE, PAIRS, QUESTIONS, SWIFT, examples_in, png, write_lines, write_list
from formats.refusals import complaint, refusal

from seewhy.cli.main import main
from seewhy.formats.pictures.store import PictureStore
from seewhy.formats.rows.example import Picture

ENTRY = {"root": ".", "annotation": "rows.jsonl"}


@pytest.mark.parametrize(
    ("changes", "fact", "remedy"),
    [
        ({"annotation": "rows.csv"}, "set.annotation is 'rows.csv'", "name a file that ends in .jsonl"),
        ({"annotation": "none.jsonl"}, "set.annotation: there is no file", "mend the path, or take set out"),
        ({"annotation": 5}, "set.annotation is 5", "give a path, or take set out"),
        ({"root": None}, "set.root is None", "give a path, or take set out"),
        ({"length": "2"}, "set.length is '2'", "give its number of rows, or leave it out"),
    ],
)
def test_an_entry_of_a_meta_that_says_no_set_is_told(tmp_path, capsys, changes, fact, remedy):
    write_lines(tmp_path / "rows.jsonl", PAIRS["mmpr"][1])
    place = tmp_path / "meta.json"
    place.write_text(json.dumps({"set": {**ENTRY, **changes}}))
    what, told = complaint(capsys, "convert", place, tmp_path / "out", "--to", "trl")
    assert what.startswith(f"{place}: {fact}")
    assert told == remedy


def test_a_set_that_is_drawn_from_tells_the_faults_of_its_rows(tmp_path, capsys):
    write_lines(tmp_path / "rows.jsonl", [])
    (tmp_path / "rows.jsonl").write_text('{"question"\n')
    place = tmp_path / "meta.json"
    place.write_text(json.dumps({"set": {**ENTRY, "repeat_time": 2}}))
    what, _ = complaint(capsys, "convert", place, tmp_path / "out", "--to", "trl")
    assert f"{tmp_path / 'rows.jsonl'}:1: not JSON" in what
    write_lines(tmp_path / "good.jsonl", PAIRS["mmpr"][1])
    place.write_text(json.dumps({"set": {**ENTRY, "repeat_time": 2}, "good": {**ENTRY, "annotation": "good.jsonl"}}))
    assert main(["data", "convert", str(place), str(tmp_path / "out"), "--to", "trl", "--skip-bad"]) == 0
    (tmp_path / "rows.jsonl").write_text("[]")
    place.write_text(json.dumps({"set": ENTRY}))
    what, remedy = complaint(capsys, "convert", place, tmp_path / "none", "--to", "trl")
    assert (what, remedy) == ("no row is left of 0: the files have none", "write them again")


INFO = {"file_name": "rows.json", "formatting": "sharegpt", "ranking": True, "columns": {"images": "images"}}


@pytest.mark.parametrize(
    ("changes", "fact", "remedy"),
    [
        ({"ranking": False}, " registers no set with \"ranking\": true (it has mine)", "name the file of a set"),
        ({"formatting": "openai"}, ": mine.formatting is 'openai', and alpaca and sharegpt are read", "give it one of"),
        ({"file_name": "none.json"}, ": mine.file_name: there is no file", "mend the path, or take mine out"),
        ({"file_name": None}, ": mine.file_name is None", "give a path, or take mine out"),
        ({"columns": ["images"]}, ": mine.columns must be an object of names, and is ['images']", "write a text for"),
        ({"tags": {"role_tag": 1}}, ": mine.tags must be an object of names, and is {'role_tag': 1}", "write a text"),
    ],
)  # fmt: skip
def test_a_registration_that_cannot_be_followed_is_told(tmp_path, capsys, changes, fact, remedy):
    write_list(tmp_path / "rows.json", PAIRS["llamafactory"][1])
    place = tmp_path / "dataset_info.json"
    place.write_text(json.dumps({"mine": {**INFO, **changes}}))
    what, told = complaint(capsys, "convert", place, tmp_path / "out", "--to", "trl")
    assert what.startswith(f"{place}{fact}")
    assert told.startswith(remedy)


def test_openais_messages_are_read_once_they_are_registered_as_sharegpt(tmp_path):
    """What the error of another formatting says to do."""
    row = {
        "messages": [{"role": "user", "content": "<image>What is it?"}],
        "images": [IMAGE],
        "chosen": {"role": "assistant", "content": "A cat."},
        "rejected": {"role": "assistant", "content": "A dog."},
    }
    write_list(tmp_path / "rows.json", [row])
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
    entry = {**INFO, "columns": {"messages": "messages", "images": "images"}, "tags": tags}
    (tmp_path / "dataset_info.json").write_text(json.dumps({"mine": entry}))
    (example,) = examples_in(tmp_path)
    assert [reply.text for reply in example.replies] == ["A cat.", "A dog."]


def own_pairs(folder, capsys):
    """Our own pairs, with their questions beside them."""
    place = write_lines(folder / "pairs.jsonl", [SWIFT])
    assert main(["data", "convert", str(place), str(folder / "ours"), "--to", "seewhy"]) == 0
    capsys.readouterr()
    return folder / "ours"


def test_pairs_without_their_questions_name_the_option_which_then_helps(tmp_path, capsys):
    ours = own_pairs(tmp_path, capsys)
    (ours / "questions").rename(ours / "asked")
    (ours / "_plan.json").unlink()
    words = ["convert", ours, tmp_path / "out", "--to", "trl"]
    what, remedy = complaint(capsys, *words)
    assert what.startswith(f"{ours / 'part-00000.parquet'}:1: pairs, SFT examples and groups are read with their")
    assert remedy == "name their folder with --questions DIR"
    place = write_lines(tmp_path / "other.jsonl", QUESTIONS["swift"][1])
    assert main(["data", "convert", str(place), str(tmp_path / "other"), "--to", "seewhy"]) == 0
    what, _ = complaint(capsys, *words, "--questions", tmp_path / "other")
    assert "field 'question_id': there is no question" in what
    assert main(["data", *map(str, words), "--questions", str(ours / "asked")]) == 0


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("pairs.jsonl", "pairs.jsonl, line 1 has no field 'id' of Question"), ("images", "holds no part-*.parquet"),
        ("text.txt", "text.txt is neither a folder of shards"), ("ours", "has no column 'id' of Question"),
    ],
)  # fmt: skip
def test_what_holds_no_questions_is_told_with_the_option_that_named_it(tmp_path, capsys, name, fact):
    ours = own_pairs(tmp_path, capsys)
    (tmp_path / "text.txt").write_text("hello\n")
    what, remedy = complaint(capsys, "convert", ours, tmp_path / "out", "--to", "trl", "--questions", tmp_path / name)
    assert fact in what
    assert remedy == "name the questions of these rows with --questions DIR"


@pytest.mark.parametrize("payload", [None, png(5)])
def test_a_picture_that_is_gone_or_another_is_told(tmp_path, capsys, payload):
    ours = own_pairs(tmp_path, capsys)
    for path in ours.rglob("*.png"):
        path.unlink()
        if payload:
            path.write_bytes(payload)
    what, _ = complaint(capsys, "convert", ours, tmp_path / "out", "--to", "trl")
    assert f"{ours / 'part-00000.parquet'}:1: field 'images': {path} " in what
    assert ("has other bytes than its row was written for" if payload else "is not there") in what
    assert "put the picture back" in what


SCORED = [
    {"response": {"text": text}, "score": score, "scorer": "r"} for text, score in (("A cat.", 1.0), ("Dog", 0.0))
]


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"picks": []}, "no pairs were drawn among its replies; draw some with `seewhy rank`"),
        ({"picks": [{"chosen": 7, "rejected": 1}]}, "pick 0: there is no response 7 of 2, numbered from 0; leave the"),
        ({"picks": [{"chosen": 1, "rejected": 0}]}, "which must be lower; swap the two, or leave the pick out"),
        ({"picks": [{"chosen": 0, "rejected": 1, "weight": -1}]}, "weight -1.0 is not above 0; leave the pick out"),
        ({"responses": SCORED[:1]}, "a group of 1 replies; give the others"),
        ({"source": None}, "field 'source': None does not fit; str is wanted"),
        ({"source": ...}, "has no field 'source' of RankedGroup"),
    ],
)
def test_a_group_whose_picks_are_none_is_refused(tmp_path, capsys, changes, fact):
    place = write_lines(tmp_path / "asked.jsonl", QUESTIONS["swift"][1])
    assert main(["data", "convert", str(place), str(tmp_path / "asked"), "--to", "seewhy"]) == 0
    (question,) = pq.read_table(tmp_path / "asked" / "part-00000.parquet").to_pylist()
    row = {"question_id": question["id"], "style": "plain", "source": "x", "responses": SCORED, **changes}
    place = write_lines(tmp_path / "set.jsonl", [{name: value for name, value in row.items() if value is not ...}])
    assert fact in refusal(capsys, place, "trl", "--take", "pairs", "--questions", tmp_path / "asked")


def test_a_question_whose_pictures_have_no_places_is_refused(tmp_path, capsys):
    gold = {"answers": ["x"], "rule": "exact"}
    row = {"id": "q", "benchmark": "b", "split": "test", "text": "What?", "gold": gold, "facets": {}, "places": [3]}
    place = write_lines(tmp_path / "set.jsonl", [row])
    assert "question q: 0 pictures and 1 places for pictures" in refusal(capsys, place, "swift")


def test_a_place_that_is_taken_is_told_before_anything_is_read(tmp_path, capsys):
    place = write_lines(tmp_path / "pairs.jsonl", [SWIFT, {**SWIFT, "images": ["gone.png"]}])
    taken = tmp_path / "mine.jsonl"
    taken.write_text("mine")
    (tmp_path / "file").write_text("mine")
    for out, what, remedy in (
        (taken, f"{taken} is there already", "name another file, or take it away"),
        (tmp_path / "file", f"{tmp_path / 'file'} is a file", "name a folder"),
        (tmp_path / "file" / "x.jsonl", f"{tmp_path / 'file'} is a file", "name a folder"),
    ):
        assert complaint(capsys, "convert", place, out, "--to", "swift") == (what, remedy)
    assert taken.read_text() == "mine"
    info = tmp_path / "dataset_info.json"
    info.write_text("{")
    what, remedy = complaint(capsys, "convert", place, tmp_path / "new.json", "--to", "llamafactory")
    assert what.startswith(f"{info} is no JSON, or was cut")
    assert remedy == "mend it, or name another folder"
    assert info.read_text() == "{"


def test_a_refused_file_leaves_no_picture_beside_it(tmp_path, capsys):
    place = write_lines(tmp_path / "in" / "pairs.jsonl", [SWIFT]) if (tmp_path / "in").mkdir() is None else None
    rows = [SWIFT, {**SWIFT, "images": ["gone.png"]}]
    write_lines(place, rows)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    complaint(capsys, "convert", place, tmp_path / "out" / "set.jsonl", "--to", "swift")
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["mine.txt"]


def test_a_picture_that_changes_while_it_is_read_is_told(tmp_path):
    (tmp_path / "a.png").write_bytes(png(1))
    with pytest.raises(OSError, match=r"a\.png changed while it was read; run the same command again"):
        PictureStore(tmp_path / "out").place(Picture(sha256="0" * 64, suffix="png", path=tmp_path / "a.png"))

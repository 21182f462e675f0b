"""Rows that cannot be trained on: each is counted under its reason, and what a format cannot hold is refused."""

import pytest
from formats.made_sets import (
    PAIRS,
    QUESTIONS,
    SWIFT,
    convert_to,
    examples_in,
    faults_in,
    refused,
    swift,
    write_lines,
    write_set,
)

EMPTY = ["", " ", [], None]


@pytest.mark.parametrize("value", EMPTY, ids=repr)
@pytest.mark.parametrize("name", ["swift", "trl", "llamafactory", "mmpr", "llava_reasoner", "mdpo", "oumi"])
def test_one_empty_side_is_one_bad_row(tmp_path, name, value):
    write, rows = PAIRS[name]
    field = "rejected_response" if name == "swift" else "rejected"
    empty = value
    if value is not None and name == "llamafactory" and isinstance(value, str):
        empty = {"from": "gpt", "value": value}
    if value is not None and name in ("trl", "oumi") and isinstance(value, str):
        empty = [{"role": "assistant", "content": [{"type": "text", "text": value}] if name == "trl" else value}]
    if value == [] and name not in ("trl", "oumi", "swift"):
        return
    place = write(tmp_path / f"set{'.parquet' if name == 'trl' else '.json'}", [rows[0], {**rows[0], field: empty}])
    if name == "swift" and value is None:
        assert len(examples_in(place)) == 2  # null is no field: such a row is an SFT example
        return
    (fault,) = faults_in(place)
    assert fault.startswith(f"{place}:2: "), fault
    assert "reject" in fault


def test_equal_sides_are_told(tmp_path):
    refused(swift(tmp_path, rejected_response="A cat."), "equal")


@pytest.mark.parametrize(
    ("pictures", "count"),
    [("images/0.png", 1), (["images/0.png", "images/1.png"], 2), (None, 0), ([], 0)],
)  # fmt: skip
def test_a_string_is_one_picture_and_null_is_none(tmp_path, pictures, count):
    marks = "<image>" * count
    messages = [{"role": "user", "content": f"{marks}What?"}, {"role": "assistant", "content": "A cat."}]
    (example,) = examples_in(swift(tmp_path, images=pictures, messages=messages))
    assert len(example.pictures) == count


@pytest.mark.parametrize("marks", range(4))
def test_no_mark_is_the_front_and_another_number_than_pictures_is_an_error(tmp_path, marks):
    messages = [{"role": "user", "content": f"What?{'<image>' * marks}"}, {"role": "assistant", "content": "A cat."}]
    place = swift(tmp_path, images=["images/0.png"] * 2, messages=messages)
    if marks in (0, 2):
        (example,) = examples_in(place)
        assert example.is_placed is (marks == 0)
        assert len(example.pictures) == 2
        assert isinstance(example.prompt[0].parts[-1], str) is (marks == 0)
    else:
        refused(place, f"marks {marks} places", "2 pictures")


def test_ten_rows_with_ten_faults_sum_up(tmp_path):
    changes = [
        {"rejected_response": " "}, {"rejected_response": "A cat."}, {"images": []}, {"images": ["gone.png"]},
        {"images": ["../out.png"]}, {"margin": float("nan")}, {"messages": "text"}, {"rejected_response": "\ud800"},
        {"messages": [{"role": "judge", "content": "x"}]}, {"messages": [{"role": "user"}]},
    ]  # fmt: skip
    place = write_lines(tmp_path / "pairs.jsonl", [{**SWIFT, **change} for change in changes] + [SWIFT])
    done = convert_to(place, tmp_path / "out", skip_bad=True)
    assert sum(done.tally.reasons.values()) == done.tally.bad == 10
    assert len(done.tally.reasons) == 10
    assert done.tally.read == done.tally.kept + done.tally.bad
    place = write_lines(tmp_path / "bad.jsonl", [{**SWIFT, **change} for change in changes])
    with pytest.raises(ValueError, match="no row is left of 10"):
        convert_to(place, tmp_path / "none", skip_bad=True)


def test_what_a_format_cannot_hold_is_refused_with_row_and_reason(tmp_path):
    messages = [{"role": "system", "content": "Be brief."}, *SWIFT["messages"]]
    place = swift(tmp_path, messages=messages)
    with pytest.raises(ValueError, match=r"pairs.jsonl:1: its prompt has a system text.*MMPR"):
        convert_to(place, tmp_path / "out", "mmpr")
    place = swift(tmp_path, messages=[{"role": "user", "content": "What is <image>?"}, SWIFT["messages"][1]])
    with pytest.raises(ValueError, match="its picture stands within the text"):
        convert_to(place, tmp_path / "out", "rlaifv")
    with pytest.raises(ValueError, match=r"it is a pair, and verl holds questions.*--take question"):
        convert_to(place, tmp_path / "out", "verl")
    assert write_set(QUESTIONS, "verl", tmp_path / "v").is_file()

"""One's own questions read the same from every format in which people keep them."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from PIL import Image

from seewhy.benchmarks import jsonl
from seewhy.benchmarks.lines.writing import line_of
from seewhy.records.conversation import require_places
from seewhy.records.types import Question, Split

ROWS: list[dict[str, Any]] = [
    {"id": "a", "split": "train", "question": "What is the sum?", "image": "a.png", "answer": "12",
     "rationale": "7 and 5 are 12."},
    {"id": "b", "split": "val", "question": "Which?", "image": "a.png", "options": ["cat", "dog"], "answer": "dog",
     "rationale": "It barks."},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.new("RGB", (8, 8), (200, 30, 30)).save(tmp_path / "a.png")
    return tmp_path


def write_table(path: Path, rows: list[dict[str, Any]]) -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in row.items()})
    return path


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    match path.suffix:
        case ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        case ".json":
            path.write_text(json.dumps(rows))
        case ".parquet":
            pq.write_table(pa.Table.from_pylist(rows, schema=pa.Table.from_pylist(rows[::-1]).schema), path)
        case _:
            write_table(path, rows)
    return path


def read(source: Path) -> list[Question]:
    return jsonl.load_all(source, source.parent / "kept")


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".tsv", ".parquet"])
def test_the_same_rows_are_the_same_questions_from_every_format(folder: Path, suffix: str):
    rows = [{**row, "options": row.get("options")} for row in ROWS]
    found = read(write(folder / f"mine{suffix}", rows))
    assert [(q.id, q.split, q.text, q.options, q.gold.answers, q.rationale) for q in found] == [
        ("a", Split.TRAIN, "What is the sum?", (), ("12",), "7 and 5 are 12."),
        ("b", Split.VALIDATION, "Which?", ("cat", "dog"), ("B",), "It barks."),
    ]
    assert all(Path(image.path).is_file() for q in found for image in q.images)


def test_a_saved_data_set_reads_with_its_pictures_class_names_and_splits(folder: Path):
    content = (folder / "a.png").read_bytes()
    features = Features({"question": Value("string"), "answer": ClassLabel(names=["cat", "dog"]),
                         "image": {"bytes": Value("binary"), "path": Value("string")}})  # fmt: skip
    part = Dataset.from_list(
        [{"question": "What is it?", "answer": 1, "image": {"bytes": content, "path": None}}], features=features
    )
    DatasetDict({"train": part, "dev": part}).save_to_disk(folder / "saved")
    found = read(folder / "saved")
    assert [(q.split, q.gold.answers) for q in found] == [(Split.TRAIN, ("dog",)), (Split.VALIDATION, ("dog",))]
    assert {Path(q.images[0].path).read_bytes() for q in found} == {content}
    assert len({q.id for q in found}) == 2


def test_a_cell_is_its_text_and_only_an_empty_one_is_none(folder: Path):
    options = ["None", "NA", "null", "True", "1e5", "007"]
    row = {"id": "1", "question": "Which?", "answer": "C", **dict(zip("ABCDEF", options, strict=True)), "G": ""}
    (found,) = read(write_table(folder / "test.csv", [row]))
    assert found.options == tuple(options)
    assert found.gold.answers == ("C",)
    assert found.split is Split.TEST


def test_cells_that_read_nan_and_columns_that_are_left_out_are_told(folder: Path):
    row = {"id": "1", "question": "Which?", "answer": "A", "A": "nan", "B": "x", "source": "web"}
    assert jsonl.notes(write_table(folder / "test.csv", [row])) == [
        "test.csv: columns that are read as nothing: source",
        "test.csv: 1 cells of column 'A' read 'nan' and are taken for this text; empty them where there is no value",
    ]


TURNS = [
    {"messages": [{"role": "user", "content": [{"type": "image", "image": "a.png", "text": None},
                                               {"type": "text", "text": "What?", "image": None}]},
                  {"role": "assistant", "content": "12"}]},
    {"conversations": [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "12"}], "image": "a.png"},
    {"conversations": [{"from": "human", "value": "What?"}, {"from": "gpt", "value": "7 and 5. ### Answer: 12"}],
     "images": ["a.png"]},
    {"messages": [{"role": "user", "content": "What?"}, {"role": "assistant", "content": "7 and 5."}],
     "image": "a.png", "answer": "12"},
]  # fmt: skip


@pytest.mark.parametrize(("row", "rationale"), list(zip(TURNS, [None, None, "7 and 5.", "7 and 5."], strict=True)))
def test_a_conversation_of_one_turn_is_a_question(folder: Path, row: dict[str, Any], rationale: str | None):
    (found,) = read(write(folder / "mine.json", [{"id": "1", **row}]))
    assert (found.text, found.gold.answers, found.rationale) == ("What?", ("12",), rationale)
    assert [Path(image.path).name for image in found.images] == ["a.png"]


def talk_of(*texts: str) -> list[dict[str, Any]]:
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]


LONG = [
    ({"messages": talk_of("<image>\nLook.", "I do.", "Compare with <image>, then <image>.", "12")},
     [("user", "Look.", (0,)), ("assistant", "I do.", ())], "Compare with , then .", (13, 20)),
    ({"conversations": [{"from": "system", "value": "Be short."}, {"from": "human", "value": "<image><image>\nA?"},
                        {"from": "gpt", "value": "No."}, {"from": "human", "value": " And <image>? "},
                        {"from": "gpt", "value": "7. ### Answer: 12"}]},
     [("system", "Be short.", ()), ("user", "A?", (0, 0)), ("assistant", "No.", ())], "And ?", (4,)),
    ({"messages": talk_of("A?", "No.", "B?", "12"), "system": "Be short."},
     [("system", "Be short.", ()), ("user", "A?", (0, 0, 0)), ("assistant", "No.", ())], "B?", None),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Is ", "image": None}, {"type": "image"},
                                                {"type": "text", "text": " or "}, {"type": "image"},
                                                {"type": "text", "text": " as "}, {"type": "image"}]}], "answer": 12},
     [], "Is  or  as", (3, 7, 10)),
    ({"question": "What?", "answer": "12", "system": "Be short."}, [("system", "Be short.", ())], "What?", None),
]  # fmt: skip


@pytest.mark.parametrize(("row", "turns", "text", "places"), LONG)
def test_a_conversation_keeps_its_turns_its_system_text_and_the_places_of_pictures(
    folder: Path, row: dict[str, Any], turns: list[Any], text: str, places: tuple[int, ...] | None
) -> None:
    named = ["a.png", "a.png", "a.png"]
    (found,) = read(write(folder / "mine.json", [{"id": "1", "images": named, **row}]))
    assert [(one.role.value, one.text, one.places) for one in found.turns] == turns
    assert (found.text, found.places, found.gold.answers, len(found.images)) == (text, places, ("12",), 3)
    require_places(found)
    # As one line of a file, it is the same again.
    again = folder / "again.jsonl"
    again.write_text(line_of(found, folder))
    assert [replace(one, rationale=None) for one in read(again)] == [replace(found, rationale=None)]


def turn(text: str) -> dict[str, Any]:
    return {"conversations": [{"from": "human", "value": text}, {"from": "gpt", "value": "12"}], "image": "a.png"}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (turn("<image><image> What?"), "2 marks <image> for 1 pictures"),
        ({"messages": [{"role": "system", "content": "Be short."}, {"role": "assistant", "content": "?"}]}, "system"),
        ({"messages": [{"role": "user", "content": "?"}, {"role": "user", "content": "?"}]}, "user, user"),
        ({"messages": [{"role": "user", "content": "?"}, {"role": "system", "content": "?"}]}, "user, system"),
        ({"messages": [{"role": "tool", "content": "?"}]}, "turn 1 is by 'tool'"),
        ({"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "<image>"}]}, "the reply sh"),
        ({"messages": [*talk_of("a <image>", "<image>", "b")], "image": "a.png"}, "turn 2 of the assistant shows"),
        ({"messages": [*talk_of("<image>a", "yes", "b<image>")], "image": "a.png"}, "2 marks <image> for 1 pictures"),
        ({"messages": [*talk_of(" ", "yes", "b")]}, "turn 1 is empty"),
        ({"messages": talk_of("b"), "system": "s", "conversations": []}, "'messages' and 'conversations'"),
        ({"messages": [{"role": "system", "content": "a"}, *talk_of("b")], "system": "s"}, "another one; keep one"),
        ({"messages": [{"role": "user"}]}, "turn 1 has no 'content'"),
        ({"question": "?", "options": ["x", "y"], "answer_index": 2}, "from 0 to 1, and is '2'"),
        ({"question": "?", "options": ["X", "x"], "answer": "c"}, "names none of the 2 options"),
    ],
)
def test_a_row_that_cannot_be_meant_is_told_with_file_row_and_field(folder: Path, row: dict[str, Any], told: str):
    with pytest.raises(ValueError, match=r"mine\.json:1: field") as refused:
        read(write(folder / "mine.json", [{"id": "1", **row}]))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "letter"),
    [({"answer": "b"}, "B"), ({"answer": "DOG"}, "B"), ({"answer_index": 1}, "B"), ({"answer_index": "0"}, "A")],
)
def test_a_right_option_may_be_a_small_letter_its_words_in_another_case_or_a_number_from_0(
    folder: Path, fields: dict[str, Any], letter: str
):
    row = {"id": "1", "question": "Which?", "options": ["cat", "Dog"], **fields}
    assert read(write(folder / "mine.json", [row]))[0].gold.answers == (letter,)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,question,answer\n1,What?,2,3\n", "mine.csv:2: has 4 cells and the head 3"),
        ("id,question,answr\n1,What?,2\n", "column 'answr' is read as nothing; did you mean 'answer'"),
        ("id,question,answer,A,C\n1,What?,A,x,y\n", "column 'B' is empty"),
        ("id,question,answer,options\n1,What?,A,x|y\n", "must be a JSON list"),
    ],
)
def test_a_table_that_is_not_as_it_must_be_is_told(folder: Path, text: str, told: str):
    (folder / "mine.csv").write_text(text)
    with pytest.raises(ValueError, match=r"mine|column") as refused:
        read(folder / "mine.csv")
    assert told in str(refused.value)

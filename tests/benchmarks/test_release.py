"""The forms in which data sets are published are read as they lie: JSON of any shape, tables, the Hub's folders."""

import json

import datasets
import pytest
from written.sample import coded, held, png

from seewhy.benchmarks import chartqa, docvqa, scienceqa
from seewhy.benchmarks.release.choices import split_lines
from seewhy.benchmarks.release.pictures import keep_bytes
from seewhy.benchmarks.release.tables import read_records
from seewhy.records.types import Split

ROW = {"question": "Which one floats?", "choices": ["a nail", "a cork"], "answer": 1, "hint": "", "image": None,
       "grade": "grade3", "subject": "natural science", "lecture": "", "solution": ""}  # fmt: skip


def hub_rows(*pictures: int) -> list[dict[str, object]]:
    return [{"query": f"{number}?", "label": [str(number)], "human_or_machine": 0, "image": held(number)}
            for number in pictures]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('[{"a": 1}, {"a": 2}]', [{"key": "1", "a": 1}, {"key": "2", "a": 2}]),
        ('{"x": {"a": 1}, "y": {"a": 2}}', [{"key": "x", "a": 1}, {"key": "y", "a": 2}]),
        ('{"head": 3, "data": [{"a": 1}]}', [{"key": "1", "a": 1}]),
        ('{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ('{"a": 1}', [{"key": "1", "a": 1}]),
        ('[["q", "a", 0]]', [{"items": ["q", "a", 0]}]),
    ],
)
def test_a_json_file_is_read_in_each_shape_that_releases_have(tmp_path, text, rows):
    (tmp_path / "x.json").write_text(text)
    assert [dict(record.fields) for record in read_records(tmp_path / "x.json")] == rows


@pytest.mark.parametrize(("name", "text"), [("x.json", '{"a": '), ("x.parquet", "no table"), ("x.arrow", "no")])
def test_a_file_that_is_cut_is_refused_by_its_name(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=rf"{name} (is not JSON|cannot be read as).*download it again"):
        list(read_records(tmp_path / name))


def test_a_folder_that_datasets_saved_is_read_without_it(tmp_path):
    """`Dataset.save_to_disk` writes Arrow streams; what comes of them is what comes of the same rows in Parquet."""
    features = datasets.Features({"query": datasets.Value("string"), "label": datasets.List(datasets.Value("string")),
                                  "human_or_machine": datasets.Value("int64"), "image": datasets.Image()})  # fmt: skip
    there = datasets.Dataset.from_list(hub_rows(1, 2, 3), features=features)
    datasets.DatasetDict({"test": there}).save_to_disk(tmp_path / "saved")
    (tmp_path / "hub").mkdir()
    there.to_parquet(tmp_path / "hub" / "test-00000-of-00001.parquet")
    saved, hub = (list(chartqa.load(tmp_path / form, Split.TEST, count=9, pictures=tmp_path))
                  for form in ("saved", "hub"))  # fmt: skip
    assert saved == hub
    assert [question.gold.answers for question in saved] == [("1",), ("2",), ("3",)]
    assert chartqa.sizes(tmp_path / "saved")[Split.TEST] == 3


def test_a_picture_in_a_table_is_kept_once_under_its_hash_byte_by_byte(tmp_path):
    datasets.Dataset.from_list(hub_rows(1, 2, 1)).to_parquet(tmp_path / "test.parquet")
    first, second, third = chartqa.load(tmp_path, Split.TEST, count=9, pictures=tmp_path / "kept")
    assert first.images == third.images != second.images
    kept = sorted((tmp_path / "kept" / "images").rglob("*.*"))
    assert sorted(path.read_bytes() for path in kept) == sorted([png(1), png(2)])
    assert all(path.stem in {first.images[0].sha256, second.images[0].sha256} for path in kept)


def test_without_a_folder_for_pictures_nothing_is_written(tmp_path):
    datasets.Dataset.from_list(hub_rows(1)).to_parquet(tmp_path / "test.parquet")
    (question,) = chartqa.load(tmp_path, Split.TEST, count=9)
    assert question.images[0].path == f"{tmp_path}/test.parquet:1#image"
    assert [path.name for path in tmp_path.rglob("*")] == ["test.parquet"]


def test_a_cut_picture_in_a_table_is_refused_by_its_row(tmp_path):
    rows = hub_rows(1, 2)
    rows[1]["image"] = {"bytes": png(2)[:40], "path": None}
    datasets.Dataset.from_list(rows).to_parquet(tmp_path / "test.parquet")
    with pytest.raises(ValueError, match=r"test\.parquet:2: field 'image': .* cannot be read as a picture"):
        chartqa.load(tmp_path, Split.TEST, count=9, pictures=tmp_path)


def test_a_picture_cut_by_a_full_disk_is_written_again(tmp_path):
    path = keep_bytes(tmp_path, png(3), "png").path
    with open(path, "wb") as file:
        file.write(png(3)[:9])
    assert keep_bytes(tmp_path, png(3), "png").path == path
    with open(path, "rb") as file:
        assert file.read() == png(3)


def test_a_cell_that_names_another_rows_picture_is_that_picture(tmp_path):
    (tmp_path / "DocVQA_VAL.tsv").write_text(
        f"index\timage\tquestion\tanswer\n7\t{coded(5)}\twho?\t\"['me']\"\n8\t7\twhere?\t\"['here']\"\n"
    )
    first, second = docvqa.load(tmp_path, Split.VALIDATION, count=9, pictures=tmp_path)
    assert first.images == second.images
    assert (first.id, second.id) == ("docvqa/validation/7", "docvqa/validation/8")


def test_all_broken_rows_are_told_at_once_and_none_is_taken(tmp_path):
    rows = {"1": ROW, "2": {**ROW, "answer": 2}, "3": {**ROW, "choices": []}, "4": {**ROW, "grade": "third"}}
    (tmp_path / "problems.json").write_text(json.dumps({key: {**row, "split": "test"} for key, row in rows.items()}))
    with pytest.raises(ValueError, match="3 rows cannot be read") as refused:
        scienceqa.load(tmp_path, Split.TEST, count=1)
    told = str(refused.value)
    assert "problems.json:2: field 'answer' is 2, and the 2 options are counted from 0" in told
    assert "problems.json:3: field 'choices' is missing or empty" in told
    assert "problems.json:4: field 'grade' must be such as 'grade5', and is 'third'" in told


def test_one_file_with_all_splits_gives_each_its_own(tmp_path):
    rows = {str(number): {**ROW, "split": split} for number, split in enumerate(["train", "test", "val", "train"])}
    (tmp_path / "problems.json").write_text(json.dumps(rows))
    assert scienceqa.sizes(tmp_path) == {Split.TRAIN: 2, Split.VALIDATION: 1, Split.TEST: 1, Split.SHIFTED: 0}
    assert [question.id for question in scienceqa.load(tmp_path, Split.TRAIN, count=9)] == [
        "scienceqa/train/0",
        "scienceqa/train/3",
    ]


def test_a_split_that_the_release_lacks_is_told(tmp_path):
    (tmp_path / "problems.json").write_text(json.dumps({"1": {**ROW, "split": "test"}}))
    with pytest.raises(ValueError, match=r"ScienceQA has no shifted split; it has train, validation, test"):
        scienceqa.load(tmp_path, Split.SHIFTED, count=1)
    with pytest.raises(ValueError, match=r"holds no question of ScienceQA's train split"):
        scienceqa.load(tmp_path, Split.TRAIN, count=1)


@pytest.mark.parametrize(
    ("text", "question", "options"),
    [
        ("What?\nA. one\nB. two\nAnswer with the letter.", "What?", ("one", "two")),
        ("A fact. What?\nChoices:\nA:30°\nB:40°\nC:50°", "A fact. What?\nChoices:", ("30°", "40°", "50°")),
        ("What?\n(A) one\n(B) two", "What?", ("one", "two")),
        ("No options here", "No options here", ()),
    ],
)
def test_options_that_stand_under_a_question_are_taken_from_it(text, question, options):
    assert split_lines(text) == (question, options)


def test_grades_six_and_seven_are_on_either_side_of_the_line(tmp_path):
    rows = {grade: {**ROW, "grade": f"grade{grade}", "split": "test"} for grade in ("1", "6", "7", "12")}
    (tmp_path / "problems.json").write_text(json.dumps(rows))
    found = [question.facets["grades"] for question in scienceqa.load(tmp_path, Split.TEST, count=9)]
    assert found == ["G1-6", "G1-6", "G7-12", "G7-12"]

"""`seewhy data` turns releases into questions, and finds each thing that can be wrong with one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from written.sample import held, png, write_rows

from seewhy.benchmarks import jsonl
from seewhy.cli.main import main
from seewhy.records.shards import read_rows
from seewhy.records.types import Question, Split
from seewhy.runs.open import open_run

ROW = {"question": "Which one floats?", "choices": ["a nail", "a cork"], "answer": 1, "hint": "", "grade": "grade3",
       "subject": "natural science", "lecture": "", "solution": "Cork is light."}  # fmt: skip


def hub(root: Path, split: str, *rows: dict[str, object]) -> Path:
    """ScienceQA as the Hub has it."""
    root.mkdir(exist_ok=True)
    write_rows(root / f"{split}-00000-of-00001.parquet", [{**ROW, "image": held(1), **row} for row in rows], "")
    return root


def said(capsys, *words: str) -> tuple[int, str]:
    status = main(["data", *words])
    out, err = capsys.readouterr()
    return status, f"{out}{err}"


def found(capsys, root: Path, name: str = "scienceqa") -> dict[str, int]:
    status, text = said(capsys, "check", name, "--root", str(root), "--json")
    report = json.loads(text)
    assert status == (1 if report["findings"] else 0)
    return report["found"]


def test_a_split_is_imported_as_lines_that_jsonl_reads_with_pictures_beside_them(capsys, tmp_path):
    root = hub(tmp_path / "hub", "test", {}, {"image": held(2)}, {"image": None})
    out = tmp_path / "own" / "questions.jsonl"
    status, text = said(capsys, "import", "scienceqa", "--root", str(root), "--split", "test", "--out", str(out))
    assert (status, "3 questions of test with 2 pictures" in text) == (0, True)
    first, second, third = jsonl.load(out, Split.TEST, count=9)
    assert first.gold.answers == ("B",)
    assert [len(question.images) for question in (first, second, third)] == [1, 1, 0]
    assert Path(first.images[0].path).read_bytes() == png(1)
    assert json.loads(out.read_text().splitlines()[0])["images"][0].startswith("images/")


def test_a_split_is_imported_as_parquet_of_the_questions_themselves(capsys, tmp_path):
    root = hub(tmp_path / "hub", "train", {}, {"image": None})
    status, _ = said(capsys, "import", "scienceqa", "--root", str(root), "--split", "train", "--out",
                     str(tmp_path / "rows"))  # fmt: skip
    assert status == 0
    rows = list(read_rows(tmp_path / "rows", Question))
    assert [row.id for row in rows] == ["scienceqa/train/0", "scienceqa/train/1"]
    assert Path(rows[0].images[0].path).is_file()


def test_broken_rows_are_refused_before_anything_is_written(capsys, tmp_path):
    root = hub(tmp_path / "hub", "test", {}, {"answer": 4})
    out = tmp_path / "questions.jsonl"
    status, text = said(capsys, "import", "scienceqa", "--root", str(root), "--split", "test", "--out", str(out))
    assert status == 2
    assert "parquet:2: field 'answer' is 4, and the 2 options are counted from 0" in text
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["import"], "about data there are"),
        (["import", "inkgrid", "--root", ".", "--split", "test"], "inkgrid draws its own questions"),
        (["import", "scienceqq", "--root", ".", "--split", "test"], "did you mean 'scienceqa'"),
        (["import", "pope", "--root", "here", "--split", "test", "--out", "x.csv"], "ends in .jsonl, or a folder"),
        (["check", "pope", "--root", "nowhere"], "nowhere: no such file or folder"),
    ],
)
def test_a_wrong_command_is_told_in_one_line(capsys, words, told):
    status, text = said(capsys, *words)
    assert (status, told in text) == (2, True)


def test_a_clean_release_has_nothing_to_tell(capsys, tmp_path):
    hub(tmp_path / "hub", "train", {"image": held(1)}, {"image": held(2)})
    root = hub(tmp_path / "hub", "test", {"image": held(3)}, {"image": None, "question": "Which sinks?"})
    assert found(capsys, root) == {}
    assert "2 of train, 2 of test; 0 without" in said(capsys, "check", "scienceqa", "--root", str(root))[1]


def test_each_thing_that_is_wrong_is_found(capsys, tmp_path):
    """A broken row, a cut picture, a row asked twice, and a picture and a text that two splits share."""
    hub(tmp_path / "hub", "train", {"image": held(1)}, {"image": None, "question": "Which  SINKS?"})
    root = hub(
        tmp_path / "hub", "test",
        {"image": held(1)},
        {"image": held(1), "answer": 0},
        {"image": None, "question": "Which sinks?"},
        {"image": {"bytes": png(5)[:50], "path": None}},
        {"image": held(6), "choices": []},
    )  # fmt: skip
    assert found(capsys, root) == {
        "broken row": 1,
        "unreadable picture": 1,
        "duplicate": 1,
        "leak between splits": 2,
    }
    status, text = said(capsys, "check", "scienceqa", "--root", str(root), "--split", "test", "--json")
    findings = {row["kind"]: row for row in json.loads(text)["findings"]}
    assert status == 1
    assert findings["duplicate"]["what"] == "asks what scienceqa/test/0 asks, with another gold answer"
    assert findings["broken row"]["where"].endswith("parquet:5")
    assert "leak between splits" not in findings


def test_a_gold_that_its_own_rule_cannot_pass_is_found(capsys, tmp_path):
    """After VQA's normalisation, which takes punctuation away, nothing is left of "?" to look for."""
    rows = [
        {"id": 0, "question": "what?", "answers": ["?"], "dataset_name": "x", "type": "y", "image_path": "1.png"},
        {"id": 1, "question": "who?", "answers": ["me"], "dataset_name": "x", "type": "y", "image_path": "1.png"},
    ]
    write_rows(tmp_path / "OCRBench.json", rows, "")
    (tmp_path / "1.png").write_bytes(png(1))
    assert found(capsys, tmp_path, "ocrbench") == {"gold fails its rule": 1}


def test_more_findings_than_are_shown_are_counted(capsys, tmp_path):
    root = hub(tmp_path / "hub", "test", *[{}] * 13)
    status, text = said(capsys, "check", "scienceqa", "--root", str(root))
    assert status == 1
    assert "duplicate: 12" in text
    assert "and 2 more; --json tells all" in text


def test_ones_own_questions_are_checked_too(capsys, tmp_path):
    row = {"question": "What is the total?", "answer": "12"}
    write_rows(tmp_path / "mine.jsonl", [{**row, "id": "1", "split": "train"}, {**row, "id": "2", "split": "test"}], "")
    assert found(capsys, tmp_path / "mine.jsonl", "jsonl") == {"leak between splits": 1}


def test_a_run_takes_a_release_as_its_source_and_keeps_its_pictures(capsys, tmp_path):
    for split, first in (("train", 1), ("validation", 11), ("test", 21)):
        hub(tmp_path / "hub", split, *[{"image": held(first + number)} for number in range(3)])
    run = tmp_path / "run"
    words = [
        "--questions.benchmark",
        "scienceqa",
        "--questions.source",
        str(tmp_path / "hub"),
        "--questions.shifted",
        "0",
    ]
    status = main(["run", "inkgrid", "--run", str(run), "--until", "questions", "--rationales.teacher", "gold", *words])
    out, err = capsys.readouterr()
    assert status == 0, f"{out}{err}"
    rows = open_run(run).questions("questions.train")
    assert [row.rationale for row in rows] == ["Cork is light."] * 3
    assert Path(rows[0].images[0].path).is_relative_to(run)
    assert Path(rows[0].images[0].path).read_bytes() == png(1)


def test_data_is_read_and_checked_without_loading_torch(tmp_path):
    root = hub(tmp_path / "hub", "test", {})
    ask = (
        f"import sys; from seewhy.cli.main import main; "
        f"assert main(['data', 'check', 'scienceqa', '--root', {str(root)!r}]) == 0; "
        f"heavy = {{'torch', 'transformers', 'datasets'}} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing found" in done.stdout

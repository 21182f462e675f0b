"""The gold answers of real data sets, handed in as predictions, are graded right: each one that its rule can grade."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from seewhy.cli.main import main

Row = Mapping[str, Any]


def science(row: Row) -> dict[str, object]:
    image = {"image": row["image"]} if row["has_image"] else {}
    return {"id": row["id"], "question": row["question"], "options": row["choices"], "answer": row["answer"], **image}


def tables(row: Row) -> dict[str, object]:
    if row["choices"]:
        return {"id": row["id"], "question": row["question"], "options": row["choices"], "answer": row["answer"]}
    return {"id": row["id"], "question": row["question"], "answer": row["answer"], "rule": "relaxed_number"}


def statements(row: Row) -> dict[str, object]:
    told = "yes" if row["label"] == "true" else "no"
    return {"id": row["identifier"], "question": row["sentence"], "answer": told, "rule": "yes_no",
            "images": row["images"]}  # fmt: skip


def formulas(row: Row) -> dict[str, object]:
    options = {"options": row["options"]} if row["options"] else {}
    return {"id": row["id"], "question": row["question"], "answer": row["answer"],
            "facets": {"subject": row["subject"]}, **options, **({} if options else {"rule": "math"})}  # fmt: skip


def names_one_option_twice(row: Mapping[str, Any]) -> bool:
    """Such a question has no single right letter, and a questions file refuses it: one row of MathVision."""
    options = row.get("options", [])
    return len(set(options)) < len(options)


SETS = [
    ("scienceqa_test_mini/test_mini.jsonl", science),
    ("tabmwp/dev1k.jsonl", tables),
    ("nlvr/dev.jsonl", statements),
    ("mathvision_testmini/testmini.jsonl", formulas),
]


@pytest.mark.parametrize(("place", "question_of"), SETS, ids=[place for place, _ in SETS])
@pytest.mark.parametrize("form", ["{}", "Because of that. The answer is {}"])
def test_gold_answers_are_all_right(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    data_root: Path,
    place: str,
    question_of: Callable[[Row], dict[str, object]],
    form: str,
):
    rows = [json.loads(line) for line in (data_root / place).read_text(encoding="utf-8").splitlines()]
    questions = list(
        {str(row["id"]): row for row in map(question_of, rows) if not names_one_option_twice(row)}.values()
    )
    for name, lines in (
        ("questions", questions),
        ("replies", [{"id": row["id"], "text": form.format(row["answer"])} for row in questions]),
    ):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    words = [str(tmp_path / "replies.jsonl"), "--questions", str(tmp_path / "questions.jsonl"), "--json"]
    words += ["--text-field", "text"]
    assert main(["grade", *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n"] > 250
    assert (found["correct"], found["incorrect"], found["no_answer"], found["unjudged"]) == (found["n"], 0, 0, 0)

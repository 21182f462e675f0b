"""Questions that a model is measured on and was trained on are counted, whatever they are called."""

import json
import shutil
from pathlib import Path

import pytest

from seewhy.cli.main import main
from seewhy.runs.open import open_run
from seewhy.runs.overlap import overlaps_of
from seewhy.runs.run import OpenRun

RECIPE = """
name: overlap
models: {base: {path: tiny}}
steps:
  questions: {stage: questions, benchmark: jsonl, source: SOURCE, train: 4, validation: 2, test: 5}
  own: {stage: direct, questions: questions.train}
  held: {stage: direct, questions: questions.validation}
  sft: {stage: train, start: base, data: {own: 1.0}, objective: {kind: sft}, VALIDATION
        fit: {learning_rate: 1.0e-3, batch_size: 4}}
  more: {stage: train, start: sft, data: {held: 1.0}, objective: {kind: sft},
         fit: {learning_rate: 1.0e-3, batch_size: 4}}
  test: {stage: evaluate, models: [base, sft, more], questions: questions.test, styles: [direct], blind: [],
         max_tokens: 1}
"""
PAGES = Path(__file__).parents[2] / "docs" / "examples" / "pages"


def row(name: str, split: str, text: str, picture: str | None, answer: str = "9") -> dict[str, object]:
    return {"id": name, "split": split, "question": text, "answer": answer, **({"image": picture} if picture else {})}


@pytest.fixture
def source(tmp_path) -> Path:
    """Of five test questions two show a page of training under another name, one of which asks the same.

    One without a picture has the words of a training question in another case, and one shows validation's page.
    """
    shutil.copytree(PAGES, tmp_path / "pages")
    shutil.copy(tmp_path / "pages" / "sum.png", tmp_path / "pages" / "renamed.png")
    rows = [
        row("a", "train", "What is the sum?", "pages/sum.png"),
        row("b", "train", "What is 2 plus 7?", None),
        row("c", "train", "What is the sum of column 3?", "pages/column.png"),
        row("d", "train", "What is 3 plus 3?", None),
        row("v1", "validation", "Is a digit even?", "pages/even.png"),
        row("v2", "validation", "What is 1 plus 1?", None),
        row("t1", "test", "What  is the SUM?", "pages/renamed.png"),
        row("t2", "test", "Which digit is largest?", "pages/renamed.png"),
        row("t3", "test", "what is 2 plus 7?", None),
        row("t4", "test", "Is a digit odd?", "pages/even.png"),
        row("t5", "test", "What is 4 plus 4?", None),
    ]
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return file


def run_of(folder: Path, source: Path, *words: str) -> OpenRun:
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.replace("SOURCE", str(source)).replace("VALIDATION", "validation: {held: 1.0},"))
    assert main(["run", str(recipe), "--run", str(folder / "run"), "--workers", "1", "--skip-preflight", *words]) == 0
    return open_run(folder / "run")


def test_questions_that_were_trained_on_are_counted_and_held_out_ones_are_not(tmp_path, source):
    run = run_of(tmp_path, source, "--until", "questions")
    questions = list(run.questions("questions.test"))
    found = {one.model: (one.n, one.seen, one.same) for one in overlaps_of(run, ("base", "sft", "more"), questions)}
    assert found == {"sft": (5, 3, 2), "more": (5, 4, 2)}


@pytest.mark.nightly
def test_what_was_trained_on_and_what_was_cut_is_said_where_it_is_measured_and_in_the_report(tmp_path, source, capsys):
    run = run_of(tmp_path, source)
    said = " ".join(capsys.readouterr().out.split())
    assert "warning, sft: 3 of 5 questions show a picture of a training question" in said
    assert "cut at 1 tokens" in said
    section = run.recipe.steps["test"].section(run, "test")
    assert [one.model for one in section.overlaps] == ["sft", "more"]
    assert main(["report", str(tmp_path / "run"), "--md"]) == 0
    page = next((tmp_path / "run").rglob("report.md")).read_text()
    assert "More was trained on what it is measured on: 4 of 5 questions" in page

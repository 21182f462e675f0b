"""What `evaluate` writes in other suites' forms grades to its own numbers, and follows from its rows alone."""

import json
from pathlib import Path

import pytest

from seewhy.cli.main import main
from seewhy.records.shards import read_rows
from seewhy.records.types import Outcome, Verdict

RECIPE = """
name: measured
models: {base: {path: tiny}}
steps:
  questions: {stage: questions, train: 0, validation: 0, test: 12}
  test: {stage: evaluate, models: [base], questions: questions.test, styles: [direct], max_tokens: 4,
         also: [lmms-eval, vlmevalkit]}
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("measured")
    (place / "measured.yaml").write_text(RECIPE)
    assert main(["run", str(place / "measured.yaml"), "--run", str(place / "run"), "--workers", "1"]) == 0
    return place


def test_files_of_both_suites_hold_every_question_and_its_verdict(measured, capsys):
    verdicts = list(read_rows(measured / "run" / "test" / "base" / "direct" / "verdicts", Verdict))
    folder = measured / "run" / "test" / "also" / "base" / "direct"
    rows = [json.loads(line) for line in (folder / "samples_inkgrid.jsonl").read_text().splitlines()]
    right = sum(verdict.outcome is Outcome.CORRECT for verdict in verdicts)
    assert len(rows) == len(verdicts) == 12
    assert sum(row["accuracy"] for row in rows) == right
    assert (folder / "base_inkgrid.xlsx").is_file()


def test_another_suite_writes_its_file_and_draws_no_reply_anew(measured, capsys):
    chains = measured / "run" / "test" / "base" / "direct" / "chains" / "part-00000.parquet"
    before = chains.stat().st_mtime_ns
    recipe = str(measured / "measured.yaml")
    capsys.readouterr()
    assert main(["run", recipe, "--run", str(measured / "run"), "--workers", "1", "--test.also", "lmms-eval"]) == 0
    assert chains.stat().st_mtime_ns == before
    assert "samples_inkgrid.jsonl" in capsys.readouterr().out


def test_a_suite_that_there_is_not_is_named_with_its_field_before_anything_runs(tmp_path, capsys):
    recipe = tmp_path / "wrong.yaml"
    recipe.write_text(RECIPE.replace("lmms-eval", "lighteval"))
    assert main(["run", str(recipe), "--run", str(tmp_path / "run")]) == 2
    told = capsys.readouterr().err
    assert all(fact in told for fact in ("steps.test.also", "lighteval", "lmms-eval"))
    assert not (tmp_path / "run").exists()

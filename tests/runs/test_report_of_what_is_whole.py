"""A step that keeps nothing: what does not follow from it is done, and the report shows the steps that are whole."""

import json
from pathlib import Path

import pytest

from seewhy.cli.main import main

RECIPE = """
name: right
models: {base: {path: tiny}}
steps:
  questions: {stage: questions, train: 4, validation: 0, test: 2, shifted: 0}
  chains: {stage: distil, questions: questions.train, teacher: {kind: oracle}}
  pairs: {stage: pair, chains: chains, verdicts: chains.verdicts}
  dpo: {stage: train, start: base, data: {pairs: 1.0}, objective: dpo, fit: {learning_rate: 1.0e-6}}
  test: {stage: evaluate, models: [base, dpo], questions: questions.test, max_tokens: 4,
         unfit: unchecked}
  verifier: {stage: rerank, policy: dpo, reference: base, sampler: base, questions: questions.test,
             per_question: 2, max_tokens: 4}
  report: {stage: report}
"""


def test_the_report_is_written_where_chains_are_all_right_and_no_pair_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "right.yaml").write_text(RECIPE)
    assert main(["run", str(tmp_path / "right.yaml"), "--run", str(tmp_path / "run"), "--workers", "1"]) == 2
    said = capsys.readouterr()
    assert "no pair is left of 4 questions" in said.err
    summary = json.loads((tmp_path / "run" / "report" / "summary.json").read_text())
    assert set(summary["accuracy"]) == {"base"}
    # Candidates are drawn, and there is no model that could choose among them.
    assert (tmp_path / "run" / "verifier" / "chains" / "_manifest.json").is_file()
    assert not any(summary["verifier"].values())

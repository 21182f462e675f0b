"""Credit of every kind on the same chains of the shipped model, as steps of one run."""

from pathlib import Path

import pytest

from seewhy.cli.main import main
from seewhy.records.shards import read_rows
from seewhy.records.token_credit import TokenCredit
from seewhy.runs.discovery import kind_names

HEAD = """
name: credits
models:
  base: {path: tiny}
steps:
  questions: {stage: questions, train: 0, validation: 0, test: 3}
  chains: {stage: sample, model: base, questions: questions.test, per_question: 5, temperature: 1.2,
           multiple_choice_temperature: 1.2, max_tokens: 48}
  verdicts: {stage: judge, chains: chains}
  agreed: {stage: judge, chains: chains, judge: {kind: agreement}}
  scores: {stage: score, policy: base, reference: base, chains: chains}
"""
STEP = """  {name}: {{stage: credit, policy: base, reference: base, chains: chains, verdicts: verdicts, scores: scores,
  resamples: 20, kind: {{kind: {name}}}{more}}}
"""
WORDS = {
    "entropy": "minus the entropy", "judged": "the score that a judge gave", "left_out": "what its sentence adds",
    "likelihood": "its log-probability under the reference", "picture": "with the picture withheld",
    "position": "minus the share of the chain", "so_far": "of the least likely sentence up to its own",
}  # fmt: skip


@pytest.mark.nightly
def test_credit_of_every_kind_is_a_step_and_the_report_says_what_each_is(tmp_path: Path):
    kinds = kind_names("evaluation.credits")
    steps = [STEP.format(name=kind, more=", spans: agreed" if kind == "judged" else "") for kind in kinds]
    recipe, run = tmp_path / "credits.yaml", tmp_path / "run"
    recipe.write_text("".join([HEAD, *steps, "  report: {stage: report}\n"]))
    assert main(["run", str(recipe), "--run", str(run), "--workers", "1", "--threads", "1"]) == 0
    rows = {kind: list(read_rows(run / kind / "tokens", TokenCredit)) for kind in kinds}
    keys = {kind: [(row.question_id, row.index, row.position) for row in found] for kind, found in rows.items()}
    assert all(found == keys["log_ratio"] for found in keys.values())
    assert all(row.credit == 0 for row in rows["log_ratio"]), "one model on both sides"
    assert all(row.credit <= 0 for row in rows["entropy"])
    assert len({row.credit for row in rows["entropy"]}) > 20
    assert rows["left_out"] != rows["picture"]
    page = (run / "report" / "index.html").read_text()
    for kind, words in WORDS.items():
        assert words in page, kind


@pytest.mark.parametrize(("kind", "spans"), [("judged", ""), ("entropy", "agreed")])
def test_spans_are_named_for_judged_credit_and_for_no_other(kind, spans, tmp_path, capsys):
    recipe = tmp_path / "credits.yaml"
    recipe.write_text(HEAD + STEP.format(name=kind, more=f", spans: {spans}" if spans else ""))
    assert main(["recipe", "check", str(recipe)]) == 2
    assert "spans names the verdicts of the kind judged" in capsys.readouterr().err

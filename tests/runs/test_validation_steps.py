"""Held-out rows of a recipe: their loss in the log and on the page, and the best step exported."""

import json

from said_errors import sentence

from seewhy.cli.main import main
from seewhy.records.shards import write_shard
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Lesson

RECIPE = """
name: held
models: {base: {path: tiny}}
steps:
  questions: {stage: questions, train: 4, validation: 2, test: 0}
  rationales: {stage: distil, questions: questions.train, teacher: oracle}
  others: {stage: distil, questions: questions.validation, teacher: oracle}
  lessons: {stage: lessons, rationales: rationales, verdicts: rationales.verdicts, direct: questions.train,
            direct_share: 1.0, format_aligned: 0}
  held: {stage: lessons, rationales: others, verdicts: others.verdicts, direct: questions.validation,
         direct_share: 1.0, format_aligned: 0}
  sft: {stage: train, start: base, data: {lessons: 1.0}, validation: {held: 1.0}, objective: sft,
        fit: {learning_rate: 1e-4, batch_size: 2}, validate: {every: 1, keep_best: true}}
  report: {stage: report}
"""


def test_held_out_rows_of_a_recipe_are_looked_at_and_shown(tmp_path):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    assert main(["run", str(tmp_path / "recipe.yaml"), "--run", str(tmp_path / "run"), "--workers", "1"]) == 0
    logs = read_steps(tmp_path / "run" / "sft" / "steps.jsonl")
    losses = [log.terms["val_loss"] for log in logs]
    assert len(losses) == len(logs) > 1
    assert json.loads((tmp_path / "run" / "sft" / "done.json").read_text())["best"] == 1 + losses.index(min(losses))
    assert "Loss on held-out rows" in next((tmp_path / "run").glob("report/*.html")).read_text()


def test_held_out_rows_that_are_none_are_told_by_their_own_field(tmp_path, capsys):
    write_shard(tmp_path / "none", 0, [], Lesson)
    recipe = RECIPE.replace("validation: {held: 1.0}", "questions: questions.train, validation: {none: 1.0}")
    (tmp_path / "recipe.yaml").write_text(f"{recipe}inputs: {{none: {tmp_path / 'none'}}}\n")
    assert main(["run", str(tmp_path / "recipe.yaml"), "--run", str(tmp_path / "run"), "--workers", "1"]) == 2
    assert "validation.none: " in sentence(capsys.readouterr().err)

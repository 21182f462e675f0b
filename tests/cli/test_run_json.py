"""`--json` of run, step and stages: one document on standard output, whatever is said on the way."""

import json

from seewhy.cli.main import main
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, FinishReason, StepLog, Style
from seewhy.runs.events import Ended, Stepped
from seewhy.runs.heard import Heard

RECIPE = """
name: small
steps:
  questions: {stage: questions, train: 3, validation: 0, test: 0}
  rationales: {stage: distil, questions: questions.train, ask: 3, teacher: {kind: oracle}}
"""


def printed(capsys, *words):
    assert main([*map(str, words), "--json"]) == 0
    said = capsys.readouterr()
    return json.loads(said.out), said.err


def test_what_was_done_is_one_document_and_progress_goes_to_standard_error(tmp_path, capsys):
    (tmp_path / "small.yaml").write_text(RECIPE)
    words = ["run", tmp_path / "small.yaml", "--run", tmp_path / "run", "--workers", "1", "--skip-preflight"]
    made, progress = printed(capsys, *words)
    refs = {one["ref"]: one for one in made["units"]}
    assert made["place"] == str(tmp_path / "run")
    assert (refs["rationales.verdicts"]["rows"], refs["rationales.verdicts"]["was_finished"]) == (3, False)
    assert "[2/2] rationales" in progress
    again, _ = printed(capsys, *words)
    assert {one["ref"] for one in again["units"]} == set(refs)
    assert all(one["was_finished"] for one in again["units"])
    (status, _) = printed(capsys, "status", tmp_path / "run")
    assert {one["ref"] for one in status["units"]} == set(refs)
    step, _ = printed(capsys, "step", tmp_path / "run", "rationales")
    assert {one["ref"].partition(".")[0] for one in step["units"]} == {"rationales"}
    run = tmp_path / "run"
    stage, said = printed(
        capsys, "judge", "--chains", run / "rationales" / "chains", "--questions", run / "questions" / "train",
        "--out", tmp_path / "verdicts",
    )  # fmt: skip
    assert [(one["rows"], one["counted"]) for one in stage["units"]] == [(3, "questions")]
    assert said


def test_an_error_leaves_standard_output_empty(tmp_path, capsys):
    assert main(["run", "none", "--run", str(tmp_path / "run"), "--json"]) == 2
    assert main(["run", "quick", "--run", str(tmp_path / "run"), "--json", "--dry-run"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "seewhy plan RECIPE --json" in said.err


def test_a_training_has_the_figures_of_its_last_step():
    heard = Heard("run")
    logs = [StepLog(step=i, loss=1 / (i + 1), learning_rate=0.1, terms={"margin": i}, seconds=1.0) for i in range(3)]
    events = [
        *(Stepped(ref="dpo", log=log, total=3) for log in logs),
        Ended(ref="dpo", seconds=3, rows=3, unit="steps"),
    ]
    assert list(heard.hear(events)) == events
    (unit,) = heard.plain()["units"]
    assert unit["last_step"] == {"step": 2, "loss": 1 / 3, "margin": 2}


def test_judge_over_files_says_how_many_are_right_and_how_to_look(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chains = [Chain(question_id="q", index=i, style=Style.REASON, text=f"### Answer: {text}", stop=FinishReason.END,
                    sampler="s", seed=0) for i, text in enumerate(("3", "4", "4"))]  # fmt: skip
    (tmp_path / "try" / "chains").mkdir(parents=True)
    write_shard(tmp_path / "try" / "chains", 0, chains, Chain)
    (tmp_path / "mine.jsonl").write_text('{"id": "q", "question": "How many?", "answer": 3, "split": "test"}\n')
    assert main(["judge", "--chains", "try/chains", "--questions", "mine.jsonl", "--out", "try/verdicts"]) == 0
    assert "3 chains: 1 correct, 2 incorrect; look at them: seewhy view try" in capsys.readouterr().out

"""What `seewhy` says of alarms: at the step that rings them, when a run is gone on with, and when one stops it."""

import io
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from seewhy.cli.claim import claim_run, differences, run_command
from seewhy.cli.progress import Screen
from seewhy.cli.training import with_alarms

from seewhy.cli.main import main
from seewhy.recipes.inkgrid import recipe as inkgrid
from seewhy.records.step_logs import append_step, read_steps
from seewhy.records.types import StepLog
from seewhy.training.checkpoint import checkpoints
from seewhy.training.monitor.plan import GuardPlan

LESSONS = shlex.split("""
--questions.train 24 --questions.validation 1 --questions.test 1 --questions.shifted 1 --distil.questions 24
--sft.batch-size 4 --sft.save-every 2 --sft.learning-rate 0.5 --guard.probe-questions 2 --guard.probe-tokens 8
""")
"""A fine-tuning of twelve steps at a rate at which the loss explodes at the second."""


def rows(count: int) -> list[StepLog]:
    """A run of 60 steps whose chosen responses fall at step 30."""
    return [
        StepLog(
            step=step, loss=1.0, learning_rate=1e-3, seconds=0.1,
            terms={"steps": 60.0, "rows": 4.0, "chosen_drift": -2.0 if step >= 30 else 0.0},
        )
        for step in range(count)
    ]  # fmt: skip


def lines(directory: Path, logs: Sequence[StepLog]) -> list[str]:
    """What is said while these steps are taken, each followed by its number."""
    shown = io.StringIO()
    screen = Screen(console=Console(file=shown, width=80, color_system=None))
    for log in with_alarms(screen, directory, logs):
        screen.say(str(log.step))
    return shown.getvalue().splitlines()


def test_an_alarm_is_said_once_before_the_next_step_is_taken(tmp_path: Path) -> None:
    said = lines(tmp_path, rows(60))
    (alarm,) = [line for line in said if "watch out" in line]
    assert alarm.startswith("  watch out, step 30: chosen responses became less likely")
    assert said[said.index(alarm) - 1 : said.index(alarm) + 2] == ["29", alarm, "30"]


@pytest.mark.parametrize("left", [10, 0])
def test_a_run_that_is_gone_on_with_says_first_what_rang_before(tmp_path: Path, left: int) -> None:
    for log in rows(60 - left):
        append_step(tmp_path / "steps.jsonl", log)
    said = lines(tmp_path, rows(60)[60 - left :])
    assert said[0].startswith("  watch out, step 30: chosen responses")
    assert said[1:] == [str(step) for step in range(60 - left, 60)]


def test_what_is_watched_is_no_part_of_what_a_run_is(tmp_path: Path) -> None:
    watched = replace(inkgrid(), guard=GuardPlan(abort=("all",), probe_every=7))
    assert differences(inkgrid(), watched) == []
    assert run_command(Path("run"), watched) == "seewhy run inkgrid --run run"
    claim_run(tmp_path, inkgrid())
    claim_run(tmp_path, watched)
    assert "probe_every: 7" in (tmp_path / "recipe.yaml").read_text(encoding="utf-8")


def test_an_alarm_that_does_not_exist_is_refused_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "inkgrid", "--guard.abort", "kl"]) == 2
    said = " ".join(re.sub(r"[│╭╰─╮╯]", " ", capsys.readouterr().err).split())
    assert "abort names 'kl', and the alarms are chosen_drift" in said


def test_a_run_stops_at_an_alarm_it_was_told_to_and_goes_on_when_it_is_told_no_more(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["run", "inkgrid", "--run", str(run), *LESSONS]
    assert main([*words, "--guard.abort", "loss"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert re.search(r"seewhy: stopped by the alarm loss at step \d+: the loss rose from .*; lower the learning", told)
    assert f"What was trained is saved in {checkpoints(run / 'sft')[-1]}" in told
    taken = len(read_steps(run / "sft" / "steps.jsonl"))
    assert not (run / "sft" / "model").exists()
    assert (run / "sft" / "checkpoint-8").is_dir()
    assert main(["sft", "--run", str(run), "--recipe", str(recipe_without_abort(run))]) == 0
    assert "watch out, step" in capsys.readouterr().out
    assert (run / "sft" / "model").is_dir()
    assert taken < len(read_steps(run / "sft" / "steps.jsonl"))


def recipe_without_abort(run: Path) -> Path:
    """The recipe of the run, with no alarm to stop at."""
    saved = (run / "recipe.yaml").read_text(encoding="utf-8")
    mine = run.with_name("mine.yaml")
    mine.write_text(saved.replace("  abort:\n  - loss\n", "  abort: []\n"), encoding="utf-8")
    assert mine.read_text(encoding="utf-8") != saved
    return mine

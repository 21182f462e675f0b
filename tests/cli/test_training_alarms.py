"""What `seewhy run` says of alarms: at the step that rings them, when a run is gone on with, and when one stops it."""

import io
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.console import Console
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.cli.screen import Screen
from seewhy.records.shards import write_shard
from seewhy.records.step_logs import append_step, read_steps
from seewhy.records.types import Gold, Lesson, MatchRule, Question, Response, Split, StepLog, Style
from seewhy.runs.api import Models, Need, Run, TrainStage
from seewhy.runs.choice import choose
from seewhy.runs.events import Ended, Event, Noted, Stepped
from seewhy.runs.fingerprints import spec_of
from seewhy.runs.machine import Machine, ModelSpec
from seewhy.runs.open import Extent
from seewhy.runs.recipe import Recipe
from seewhy.runs.run import OpenRun
from seewhy.runs.runner import run_recipe
from seewhy.stages.train import Train
from seewhy.training.checkpoint import checkpoints
from seewhy.training.monitor.plan import GuardPlan
from seewhy.training.plan import FitPlan

LESSONS = shlex.split("""
--questions.train 24 --questions.validation 1 --questions.test 1 --questions.shifted 1 --rationales.ask 24
--lessons.ask 24 --sft.fit.batch-size 4 --sft.fit.save-every 2 --sft.fit.learning-rate 0.5
--machine.guard.probe-questions 2 --machine.guard.probe-tokens 8 --until sft
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUp(TrainStage):
    """A training that takes the steps of `rows` which its log does not hold, and then has a model."""

    def needs(self) -> Sequence[Need]:
        return ()

    def train(self, run: Run, models: Models, place: Path) -> Iterator[StepLog]:
        log = place / "steps.jsonl"
        for step in rows(60)[len(read_steps(log)) if log.is_file() else 0 :]:
            append_step(log, step)
            yield step
        (place / "model").mkdir()


def events(directory: Path) -> list[Event]:
    """What happens in a run of the made up training."""
    recipe = Recipe(name="made-up", steps={"fall": MadeUp()})
    return list(run_recipe(directory, recipe, Machine(), Extent(), "seewhy run"))


def told(happened: Sequence[Event]) -> list[str]:
    """The notes, and the number of each step that is taken."""
    return [str(one.log.step) if isinstance(one, Stepped) else one.text
            for one in happened if isinstance(one, Stepped | Noted)]  # fmt: skip


def test_an_alarm_is_said_once_before_the_next_step_is_taken(tmp_path: Path) -> None:
    happened = events(tmp_path)
    said = told(happened)
    (alarm,) = [line for line in said if not line.isdecimal()]
    assert alarm.startswith("warning, step 30: chosen responses became less likely")
    assert said[said.index(alarm) - 1 : said.index(alarm) + 2] == ["29", alarm, "30"]
    shown = io.StringIO()
    Screen(console=Console(file=shown, width=80, color_system=None)).follow(happened)
    assert shown.getvalue().splitlines()[:2] == ["[1/1] fall (60 steps)", f"  {alarm}"]


@pytest.mark.parametrize("left", [10, 0])
def test_a_run_that_is_gone_on_with_says_first_what_rang_before(tmp_path: Path, left: int) -> None:
    (tmp_path / "fall").mkdir()
    for log in rows(60 - left):
        append_step(tmp_path / "fall" / "steps.jsonl", log)
    said = told(events(tmp_path))
    assert said[0].startswith("warning, step 30: chosen responses")
    assert said[1:] == [str(step) for step in range(60 - left, 60)]


def test_what_is_watched_is_no_part_of_what_a_run_is(tmp_path: Path) -> None:
    recipe, watched = Recipe(name="made-up", steps={"fall": MadeUp()}), GuardPlan(abort=("all",), probe_every=7)
    events(tmp_path)
    again = list(run_recipe(tmp_path, recipe, Machine(guard=watched), Extent(), "seewhy run"))
    assert [one.is_found for one in again if isinstance(one, Ended)] == [True]
    assert "probe_every: 7" in (tmp_path / "machine.yaml").read_text(encoding="utf-8")
    assert "guard" not in (tmp_path / "recipe.yaml").read_text(encoding="utf-8")


def test_no_training_is_another_one_where_it_is_watched_otherwise(tmp_path: Path) -> None:
    lesson = Lesson(question_id="q", style=Style.REASON, response=Response(text="16"), source="hand")
    asked = Question(id="q", benchmark="own", split=Split.TRAIN, text="4 x 4?", facets={},
                     gold=Gold(answers=("16",), rule=MatchRule.EXACT))  # fmt: skip
    write_shard(tmp_path / "lessons", 0, [lesson], Lesson)
    write_shard(tmp_path / "questions", 0, [asked], Question)
    train = Train(start="base", data={"lessons": 1.0}, questions="questions", objective=choose("sft"),
                  fit=FitPlan(learning_rate=1e-3))  # fmt: skip
    inputs = {name: str(tmp_path / name) for name in ("lessons", "questions")}
    recipe = Recipe(name="watched", models={"base": ModelSpec(path="tiny")}, inputs=inputs, steps={"sft": train})
    usual = OpenRun(root=tmp_path / "run", recipe=recipe, machine=Machine())
    watched = replace(usual, machine=Machine(guard=GuardPlan(abort=("all",), probe_every=7)))
    assert spec_of(watched, watched.node("sft")) == spec_of(usual, usual.node("sft"))


def test_an_alarm_that_does_not_exist_is_refused_on_the_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["run", "inkgrid", "--run", str(tmp_path / "run"), "--machine.guard.abort", "kl"]) == 2
    said = sentence(capsys.readouterr().err)
    assert "machine: guard: " in said
    assert "abort names 'kl', and the alarms are chosen_drift" in said
    assert not (tmp_path / "run").exists()


def test_a_run_stops_at_an_alarm_it_was_told_to_and_goes_on_when_it_is_told_no_more(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["run", "inkgrid", "--run", str(run), *LESSONS]
    assert main([*words, "--machine.guard.abort", "loss"]) == 2
    told = sentence(capsys.readouterr().err)
    assert re.search(r"seewhy: stopped by the alarm loss at step \d+: the loss rose from .*; lower the learning", told)
    assert f"What was trained is saved in {checkpoints(run / 'sft')[-1]}" in told
    taken = len(read_steps(run / "sft" / "steps.jsonl"))
    assert not (run / "sft" / "model").exists()
    assert (run / "sft" / "checkpoint-8").is_dir()
    assert main(words) == 0
    assert "  warning, step" in capsys.readouterr().out
    assert (run / "sft" / "model").is_dir()
    assert taken < len(read_steps(run / "sft" / "steps.jsonl"))

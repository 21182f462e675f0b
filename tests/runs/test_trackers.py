"""Figures of a training at trackers: those of accelerate, here one of our own that is registered with it."""

import json
from dataclasses import dataclass, field
from importlib.util import find_spec

import pytest
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker

from seewhy.cli.main import main
from seewhy.records.types import StepLog
from seewhy.runs.machine import Machine
from seewhy.runs.processes import OneProcess
from seewhy.runs.recipe_text import build_recipe
from seewhy.runs.run import OpenRun
from seewhy.runs.tracking import tracked

PLAN = {"name": "two", "models": {"base": {"path": "tiny"}}, "steps": {
    "questions": {"stage": "questions", "train": 4, "validation": 0, "test": 0},
    "rationales": {"stage": "distil", "questions": "questions.train"},
    "lessons": {"stage": "lessons", "rationales": "rationales", "verdicts": "rationales.verdicts",
                "direct": "questions.train"},
    "sft": {"stage": "train", "start": "base", "data": {"lessons": 1.0}, "objective": "sft",
            "fit": {"learning_rate": 1e-4, "batch_size": 4}},
}}  # fmt: skip
LOGS = [StepLog(step=step, loss=0.5, learning_rate=1e-4, terms={"sft": 0.25, "steps": 2.0}, seconds=1.0)
        for step in (3, 4)]  # fmt: skip


@dataclass
class Kept:
    """What trackers were told, in order."""

    told: list[object] = field(default_factory=list)


@pytest.fixture
def kept():
    notes = Kept()

    class Keeps(GeneralTracker):
        name = "kept"
        requires_logging_directory = True

        def __init__(self, run_name, logging_dir):
            super().__init__()
            notes.told.append((run_name, logging_dir))

        @property
        def tracker(self):
            return None

        def store_init_configuration(self, values):
            notes.told.append(values)

        def log(self, values, step=None, **_):
            notes.told.append((step, dict(values)))

        def finish(self):
            notes.told.append("end")

    LOGGER_TYPE_TO_CLASS["kept"] = Keeps
    yield notes
    del LOGGER_TYPE_TO_CLASS["kept"]


def test_a_tracker_is_told_each_steps_figures_under_its_number_and_ends_with_the_training(kept, tmp_path):
    run = OpenRun(root=tmp_path, recipe=build_recipe(PLAN, "plan")[0], machine=Machine(report_to=("kept",)))
    assert list(tracked(run, "sft", iter(LOGS), OneProcess())) == LOGS
    told = {"loss": 0.5, "learning_rate": 1e-4, "seconds": 1.0, "sft": 0.25, "steps": 2.0}
    assert kept.told == [("two-sft", str(tmp_path / "sft/trackers")), (3, told), (4, told), "end"]


def test_other_processes_than_the_first_report_nothing(kept, tmp_path):
    run = OpenRun(root=tmp_path, recipe=build_recipe(PLAN, "plan")[0], machine=Machine(report_to=("kept",)))
    assert list(tracked(run, "sft", iter(LOGS), OneProcess(is_first=False))) == LOGS
    assert not kept.told


@pytest.mark.parametrize("name", ["wandb", "nothing_of_the_kind"])
def test_a_tracker_that_is_not_there_is_said_before_anything_runs(name, tmp_path, capsys):
    if find_spec(name):
        pytest.skip(f"{name} is installed")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(json.dumps(PLAN).replace("0.0001", "1.0e-4"))
    assert main(["run", str(recipe), "--run", str(tmp_path / "run"), "--machine.report-to", name]) != 0
    assert name in capsys.readouterr().err
    assert not (tmp_path / "run/questions").exists()

"""No number of a recipe is found wrong late: one that nobody can mean is refused when its plan is made, by its name."""

import math
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.endpoints.recording import RecordingClient
from seewhy.model.api import SamplingParams
from seewhy.model.prompt_plan import PromptPlan
from seewhy.runs.choice import choose
from seewhy.runs.discovery import class_of, kind_names
from seewhy.runs.machine import Machine
from seewhy.runs.recipe import Recipe
from seewhy.stages.online import Online
from seewhy.stages.train import Train
from seewhy.training.plan import FitPlan, OptimizerPlan

LAYERS = ("stages", "judging", "pairs", "pairs.pictures", "objectives", "teachers",
          "evaluation.credits")  # fmt: skip
WRONG: dict[Any, tuple[float, ...]] = {int: (-1, 2**70), float: (-1.0, math.nan, math.inf)}
HUGE_IS_FINE = 2**70
"""Counts of questions, steps or tokens above all that there are take what there is: only seeds have an upper end."""
NEEDED: dict[str, Any] = {
    "chat_model": RecordingClient(name="nobody"), "unanswered": print, "rivals": {}, "model": "base", "decoding":
    SamplingParams(), "data": {"lessons": 1.0}, "models": ("base",), "pairs": ("pairs",), "styles": ("reason",),
    "benchmark": "inkgrid", "learning_rate": 1e-5, "path": "tiny", "first": "base", "second": "tuned",
}  # fmt: skip

NO_NUMBERS = (
    "Scale.ratings", "Scale.right_at", "Train.data", "Train.streams", "Train.validation", "Online.weights",
    "PromptPlan.processor", "OptimizerPlan.betas",
)  # fmt: skip
"""A scale is one of two that ship, told by name; mappings and pairs of numbers have tests of their own."""


def plans() -> Iterator[type[Any]]:
    """Every class whose fields a recipe sets."""
    waiting: list[Any] = [Recipe, Machine]
    waiting += [class_of(layer, kind) for layer in LAYERS for kind in kind_names(layer)]
    seen: set[str] = set()
    while waiting:
        kind = waiting.pop()
        if repr(kind) in seen:
            continue
        seen.add(repr(kind))
        if is_dataclass(kind) and ".records." not in kind.__module__:
            yield kind
            waiting += get_type_hints(kind).values()
        waiting += get_args(kind)


def needed(kind: type[Any]) -> dict[str, Any]:
    """Values for the fields that have no default."""
    missing = [one for one in fields(kind) if one.init and one.default is MISSING and one.default_factory is MISSING]
    return {one.name: NEEDED.get(one.name, "any") for one in missing} | {
        "ModelSpec": {"path": "tiny"},
    }.get(kind.__name__, {})


def numbers() -> Iterator[tuple[type[Any], str, Any]]:
    for kind in plans():
        hints = get_type_hints(kind)
        for one in fields(kind):
            wanted = next((a for a in (hints[one.name], *get_args(hints[one.name])) if a is int or a is float), None)
            if one.init and wanted and f"{kind.__name__}.{one.name}" not in NO_NUMBERS:
                yield kind, one.name, wanted


@pytest.mark.parametrize(("kind", "field", "wanted"), list(numbers()), ids=str)
def test_a_number_that_nobody_can_mean_is_refused_by_name(kind, field, wanted):
    for value in WRONG[wanted]:
        if value == HUGE_IS_FINE and field != "seed":
            continue
        with pytest.raises(ValueError, match=rf"\b{field}\b"):
            kind(**{**needed(kind), field: value})


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf])
def test_a_weight_of_data_that_nobody_can_mean_is_refused_by_name(weight):
    with pytest.raises(ValueError, match=r"data\.pairs"):
        Train(start="base", data={"pairs": weight}, objective=choose("dpo"), fit=FitPlan(learning_rate=1e-6))


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf])
def test_a_weight_of_a_stream_that_nobody_can_mean_is_refused_by_name(weight):
    with pytest.raises(ValueError, match=r"streams\.own"):
        Train(start="base", data={"pairs": 1.0}, streams={"own": weight}, objective=choose("dpo"),
              fit=FitPlan(learning_rate=1e-6))  # fmt: skip


@pytest.mark.parametrize("weight", [math.nan, math.inf, -math.inf])
def test_a_weight_of_a_reward_that_nobody_can_mean_is_refused_by_name(weight):
    with pytest.raises(ValueError, match=r"weights\.outcome"):
        Online(start="base", questions="questions", objective=choose("grpo"), reward=choose("outcome"),
               weights={"outcome": weight}, fit=FitPlan(learning_rate=1e-6))  # fmt: skip


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_setting_of_a_picture_processor_that_nobody_can_mean_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"processor\.max_pixels"):
        PromptPlan(processor={"max_pixels": value})


@pytest.mark.parametrize("betas", [(-0.1, 0.999), (0.9, 1.0), (math.nan, 0.999), (0.9, math.inf)])
def test_decay_rates_of_moments_that_nobody_can_mean_are_refused_by_name(betas):
    with pytest.raises(ValueError, match=r"\bbetas\b"):
        OptimizerPlan(betas=betas)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--chains.temperature", "-1"], "steps.chains: temperature"),
        (["--chains.per-question", "0"], "steps.chains: per_question"),
        (["--questions.train", "-5"], "steps.questions: train"),
        (["--mpo.objective.beta", "-1"], "step mpo: objective: MPO.beta"),
        (["--rationales.teacher.error-rate", "5"], "step rationales: teacher: error_rate"),
        (["--sft.fit.batch-size", "0", "--mpo.fit.learning-rate", "nan"], "steps.sft.fit: batch_size"),
    ],
)
def test_the_command_line_says_which_step_and_field_before_anything_is_written(options, named, tmp_path, capsys):
    assert main(["run", "inkgrid", "--run", str(tmp_path / "run"), *options]) == 2
    assert named in sentence(capsys.readouterr().err)
    assert not (tmp_path / "run").exists()

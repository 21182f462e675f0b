"""Held-out rows: their loss by hand, the best checkpoint beside the last, an early end, and the same after a stop."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from several import together
from small_hub import ADAPTER, asked_in, base_in, opened, reference_of
from tiny_trainable import lesson, pairs_of

from seewhy.model.api import ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.plan import AdapterPlan
from seewhy.objectives.mpo import MPO
from seewhy.objectives.sft import SFT
from seewhy.records.step_logs import read_steps
from seewhy.records.types import StepLog, Style
from seewhy.training.checkpoint import checkpoints
from seewhy.training.fit import fit_lessons, fit_pairs
from seewhy.training.held_out import Best, HeldOut
from seewhy.training.parallel.plan import SHARDED, ShardPlan
from seewhy.training.plan import FitPlan, OptimizerPlan, ValidationPlan

FULL = AdapterPlan()
CONSTANT = OptimizerPlan(schedule="constant")
PLAN = FitPlan(learning_rate=3e-2, batch_size=2, epochs=5, save_every=1, warmup=0.0, optimizer=CONSTANT)
"""So fast that held-out rows are at their best after two of five steps."""
BEST = ValidationPlan(every=1, keep_best=True, keep=1)
TRAINED = [lesson("q0", "16 ### Answer"), lesson("q1", "16 row")]
HELD = [lesson("q2", "16 sum"), lesson("q3", "row 1")]


def steps_of(
    directory: Path, name: str, validation: ValidationPlan = BEST, adapter: AdapterPlan = FULL, kind: str = "launcher"
) -> Iterator[StepLog]:
    held = HeldOut(rows=HELD, plan=validation)
    shard = ShardPlan(kind=kind)
    return fit_lessons(
        opened(directory, adapter), SFT(), TRAINED, asked_in(directory), PLAN, directory / name, shard=shard, held=held
    )


def names_in(folder: Path) -> list[str]:
    return [path.name for path in checkpoints(folder)]


def exported(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that was not stopped."""
    folder = tmp_path_factory.mktemp("held")
    list(steps_of(folder, "whole"))
    return folder


def test_the_best_and_the_last_checkpoint_stay_and_the_best_is_exported(place: Path) -> None:
    logs = read_steps(place / "whole" / "steps.jsonl")
    losses = [log.terms["val_loss"] for log in logs]
    assert min(losses) == losses[1]
    assert names_in(place / "whole") == ["checkpoint-2", "checkpoint-5"]
    assert json.loads((place / "whole" / "done.json").read_text())["best"] == 2
    best = load_file(place / "whole" / "checkpoint-2" / "weights.safetensors")
    model = HubModel.load(place / "whole" / "model").net.state_dict()
    assert best
    assert all(torch.equal(weight, model[name]) for name, weight in best.items())


def test_a_look_is_the_mean_loss_of_the_held_out_rows_with_the_weights_after_the_step(tmp_path: Path) -> None:
    """By the model that is exported: minus the mean over rows of the summed log-probabilities of a row's tokens."""
    (*_, log) = steps_of(tmp_path, "run", replace(BEST, keep_best=False), ADAPTER)
    model = HubModel.load(tmp_path / "run" / "adapter")
    asked = {question.id: question for question in asked_in(tmp_path)}
    each: list[float] = []
    for row in HELD:
        ask = ScoreRequest(question=asked[row.question_id], style=Style.REASON, responses=(row.response,))
        each.append(-sum(model.score([ask])[0][0]) / len(model.response_ids(row.response)))
    assert log.terms["val_loss"] == pytest.approx(sum(each) / 2, rel=1e-5)
    assert log.terms["val_logp"] == pytest.approx(-sum(each) / 2, rel=1e-5)


def test_looks_leave_the_training_as_it_is_and_a_stopped_run_goes_on_from_its_last_step(place: Path) -> None:
    """Stopped after step 4, the best long behind it: steps, checkpoints and export are those of the whole run."""
    list(islice(steps_of(place, "cut"), 4))
    assert names_in(place / "cut") == ["checkpoint-2", "checkpoint-4"]
    rest = list(steps_of(place, "cut"))
    assert [log.step for log in rest] == [4]
    logs, others = (read_steps(place / name / "steps.jsonl") for name in ("whole", "cut"))
    assert [log.loss for log in logs] == [log.loss for log in others]
    assert names_in(place / "cut") == ["checkpoint-2", "checkpoint-5"]
    a, b = exported(place / "whole"), exported(place / "cut")
    assert all(torch.equal(a[name], b[name]) for name in a)
    without = list(fit_lessons(opened(place, FULL), SFT(), TRAINED, asked_in(place), PLAN, place / "without"))
    assert [log.loss for log in without] == [log.loss for log in logs]


def test_a_training_ends_where_looks_are_no_better_and_stays_ended(tmp_path: Path) -> None:
    patient = replace(BEST, patience=2)
    logs = list(steps_of(tmp_path, "run", patient))
    assert [log.step for log in logs] == [0, 1, 2, 3]
    told = json.loads((tmp_path / "run" / "done.json").read_text())
    assert (told["steps"], told["best"]) == (4, 2)
    assert list(steps_of(tmp_path, "run", patient)) == []
    (tmp_path / "run" / "done.json").unlink()
    assert list(steps_of(tmp_path, "run", patient)) == []
    assert json.loads((tmp_path / "run" / "done.json").read_text()) == told


def test_a_stopped_run_goes_on_with_another_number_of_checkpoints_that_stay(tmp_path: Path) -> None:
    list(islice(steps_of(tmp_path, "run"), 3))
    assert [log.step for log in steps_of(tmp_path, "run", replace(BEST, keep=3))] == [3, 4]
    assert names_in(tmp_path / "run") == ["checkpoint-2", "checkpoint-3", "checkpoint-4", "checkpoint-5"]


def test_held_out_pairs_are_judged_by_their_accuracy_too(tmp_path: Path) -> None:
    questions, pairs = asked_in(tmp_path), pairs_of(4)
    model = opened(tmp_path)
    store = reference_of(model, pairs, questions)
    held = HeldOut(rows=pairs[2:], plan=ValidationPlan(every=1, by="accuracy"))
    plan = replace(PLAN, epochs=2)
    logs = list(fit_pairs(model, MPO(), pairs[:2], questions, store, plan, tmp_path / "run", held=held))
    for log in logs:
        assert 0 <= log.terms["val_accuracy"] <= 1
        assert {"val_loss", "val_margin", "val_chosen_logp"} <= set(log.terms)


def test_a_question_that_is_trained_on_is_no_held_out_one(tmp_path: Path) -> None:
    held = HeldOut(rows=[*HELD, TRAINED[1]], plan=BEST)
    with pytest.raises(ValueError, match=r"'q1' is trained on too"):
        next(fit_lessons(opened(tmp_path), SFT(), TRAINED, asked_in(tmp_path), PLAN, tmp_path / "run", held=held))


def test_a_figure_that_an_objective_does_not_have_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"validate.by accuracy: sft has no such figure"):
        next(steps_of(tmp_path, "run", replace(BEST, by="accuracy"), ADAPTER))


def test_a_best_checkpoint_that_is_damaged_is_an_error_that_names_it(tmp_path: Path) -> None:
    list(islice(steps_of(tmp_path, "run"), 4))
    (tmp_path / "run" / "checkpoint-2" / "weights.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match=r"checkpoint-2 is the best"):
        list(steps_of(tmp_path, "run"))


@pytest.mark.parametrize(
    ("by", "values", "step", "since", "stops"),
    [
        ("loss", [3.0, 2.0, 2.5, 1.95, 2.2, 2.3], 2, 4, True),  # 1.95 gains 0.05, no more than `least`
        ("loss", [3.0, 2.0, 1.8], 3, 0, False),
        ("accuracy", [0.5, 0.7, 0.7], 2, 1, False),
    ],
)
def test_which_look_is_best_follows_from_the_log(
    by: str, values: list[float], step: int, since: int, stops: bool
) -> None:
    plan = ValidationPlan(by=by, least=0.05000001, patience=3)
    logs = [
        StepLog(step=n, loss=1.0, learning_rate=1.0, terms={f"val_{by}": v}, seconds=0.0) for n, v in enumerate(values)
    ]
    best = Best.of(plan, logs)
    assert (best.step, best.since, best.stops, best.kept) == (step, since, stops, None)


def sharded_run(directory: Path, name: str, kind: str) -> None:
    list(steps_of(directory, name, kind=kind))


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["copies", SHARDED])
def test_on_two_processes_the_best_and_the_last_stay_as_on_one(place: Path, kind: str) -> None:
    base_in(place)
    assert together(2, sharded_run, place, kind, kind) == [0, 0]
    logs, others = (read_steps(place / name / "steps.jsonl") for name in ("whole", kind))
    for one, two in zip(logs, others, strict=True):
        assert two.terms["val_loss"] == pytest.approx(one.terms["val_loss"], rel=1e-3)
    assert names_in(place / kind) == ["checkpoint-2", "checkpoint-5"]
    assert json.loads((place / kind / "done.json").read_text())["best"] == 2
    a, b = exported(place / "whole"), exported(place / kind)
    assert all(float((a[name] - b[name]).abs().mean()) < 1e-4 for name in a)

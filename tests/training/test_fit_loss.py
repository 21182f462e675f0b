"""What one step computes does not depend on how its rows were laid out, and a wrong start is refused."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from tiny_trainable import (
    TinyTrainable,
    lesson,
    pair,
    pairs_of,
    questions_of,
    store_of,
)

from seewhy.model.packed.group import Group
from seewhy.objectives.dpo import DPO
from seewhy.objectives.mpo import MPO
from seewhy.objectives.sft import SFT
from seewhy.records.types import Lesson, Pair, Response, StepLog, Style
from seewhy.training.fit import fit_lessons, fit_pairs
from seewhy.training.plan import FitPlan

ALL = FitPlan(learning_rate=1e-2, tower_learning_rate=1e-3, batch_size=100, epochs=1, row_tokens=10_000, warmup=0.0)
QUESTIONS = questions_of(6)


def first_step(directory: Path, pairs: Sequence[Pair], plan: FitPlan = ALL) -> tuple[TinyTrainable, StepLog]:
    """The model and the log after one step on pairs."""
    model = TinyTrainable()
    reference = store_of(model, pairs, QUESTIONS, plan)
    return model, next(iter(fit_pairs(model, MPO(), pairs, QUESTIONS, reference, plan, directory)))


def weights(model: TinyTrainable) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.net.parameters()])


def test_micro_batches_change_nothing_but_rounding(tmp_path: Path) -> None:
    one, whole = first_step(tmp_path / "a", pairs_of(6))
    many, parts = first_step(tmp_path / "b", pairs_of(6), replace(ALL, row_tokens=60))
    assert parts.terms["tokens"] >= whole.terms["tokens"]
    assert len(many.forwards) > len(one.forwards)
    for name in ("dpo", "bco", "nll", "chosen_logp", "grad_norm", "rows"):
        assert parts.terms[name] == pytest.approx(whole.terms[name], rel=1e-5), name
    assert parts.loss == pytest.approx(whole.loss, rel=1e-6)


def flat_gradient(pairs: Sequence[Pair]) -> tuple[float, torch.Tensor]:
    """Loss and gradient of DPO at policy = reference, each pair scored by itself, by the formula; dropout off."""
    model = TinyTrainable()
    model.net.eval()
    total = torch.zeros(())
    for row in pairs:
        question = next(q for q in QUESTIONS if q.id == row.question_id)
        prompt = model.prompt(question, row.style)
        sums = []
        for side in (row.chosen, row.rejected):
            logps = model.group_logps([Group(prompt=prompt, responses=(model.response_ids(side),))])[0][0]
            sums.append(logps.sum() - logps.sum().detach())
        total = total - torch.nn.functional.logsigmoid(0.1 * (sums[0] - sums[1]))
    loss = total / len(pairs)
    loss.backward()
    return float(loss.detach()), torch.cat([p.grad.flatten() for p in model.net.parameters() if p.grad is not None])


def test_a_group_of_shared_responses_weighs_every_pair_as_the_flat_layout_does(tmp_path: Path) -> None:
    pairs = pairs_of(6)
    loss, gradient = flat_gradient(pairs)
    model = TinyTrainable()
    reference = store_of(model, pairs, QUESTIONS, ALL)
    log = next(iter(fit_pairs(model, DPO(), pairs, QUESTIONS, reference, ALL, tmp_path)))
    assert log.terms["rows"] == len(pairs)
    assert log.loss == pytest.approx(loss, abs=1e-6)
    assert log.terms["grad_norm"] == pytest.approx(float(gradient.norm()), rel=1e-5)


def test_a_step_applies_the_mean_gradient_at_the_scheduled_rate(tmp_path: Path) -> None:
    """AdamW's first step moves each weight by rate * g / (|g| + eps), so by the rate wherever g is not tiny."""
    before = weights(TinyTrainable())
    lessons = [lesson(f"q{n}", "abcdefghijklmnopqrstuvwxyz") for n in range(6)]
    model = TinyTrainable()
    plan = replace(ALL, epochs=4, warmup=0.5, tower_learning_rate=1e-2)
    steps = fit_lessons(model, SFT(), lessons, QUESTIONS, plan, tmp_path)
    log = next(steps)
    moved = (weights(model) - before).abs()
    assert log.learning_rate == pytest.approx(0.5e-2)
    assert float(moved.max()) == pytest.approx(0.5e-2, rel=1e-3)
    assert [step.learning_rate for step in steps] == pytest.approx([1e-2, 1e-2, 0.5e-2])


def test_an_sft_loss_is_the_mean_over_lessons_of_the_mean_over_tokens(tmp_path: Path) -> None:
    lessons = [lesson("q0", "a"), lesson("q0", "a long reply"), lesson("q1", "b", Style.DIRECT)]
    model = TinyTrainable()
    means = []
    for row in lessons:
        prompt = model.prompt(QUESTIONS[int(row.question_id[1])], row.style)
        ids = model.response_ids(row.response)
        model.net.eval()
        (logps,) = model.group_logps([Group(prompt=prompt, responses=(ids,))])[0]
        means.append(-float(logps.detach().mean()))
    log = next(iter(fit_lessons(TinyTrainable(), SFT(), lessons, QUESTIONS, ALL, tmp_path)))
    assert log.loss == pytest.approx(sum(means) / 3, rel=1e-6)
    assert log.terms["logp"] == pytest.approx(-log.loss, rel=1e-6)


def test_the_first_dpo_loss_is_ln_2_and_nothing_has_drifted(tmp_path: Path) -> None:
    _, log = first_step(tmp_path, pairs_of(6))
    assert log.terms["dpo"] == pytest.approx(math.log(2), abs=1e-6)
    assert log.terms["bco"] == pytest.approx(2 * math.log(2), abs=1e-6)
    assert log.terms["chosen_drift"] == pytest.approx(0.0, abs=1e-6)
    assert log.terms["rejected_drift"] == pytest.approx(0.0, abs=1e-6)


def test_drift_and_accuracy_are_those_of_the_trained_pairs(tmp_path: Path) -> None:
    model, pairs = TinyTrainable(), pairs_of(6)
    plan = replace(ALL, epochs=30)
    steps = list(fit_pairs(model, MPO(), pairs, QUESTIONS, store_of(model, pairs, QUESTIONS, plan), plan, tmp_path))
    last = steps[-1].terms
    assert last["accuracy"] > 0.8
    assert last["chosen_drift"] > 0 > last["rejected_drift"]
    assert steps[-1].loss < steps[0].loss


def test_bcos_shift_takes_in_the_rewards_of_every_step_once_and_is_saved(tmp_path: Path) -> None:
    """Three steps over the same rows: the state holds the mean of the three steps' mean rewards, of both sides."""
    model, pairs = TinyTrainable(), pairs_of(6)
    plan = replace(ALL, epochs=3, row_tokens=60)
    logs = list(fit_pairs(model, MPO(), pairs, QUESTIONS, store_of(model, pairs, QUESTIONS, plan), plan, tmp_path))
    rewards = [(log.terms["reward_chosen"] + log.terms["reward_rejected"]) / 2 for log in logs]
    assert rewards[0] == pytest.approx(0.0, abs=1e-6)
    state = json.loads((tmp_path / "checkpoint-3" / "state.json").read_text())["objective"]
    assert state["delta_count"] == 3 * 2 * len(pairs)
    assert state["delta_mean"] == pytest.approx(sum(rewards) / 3, rel=1e-5)
    assert abs(state["delta_mean"]) > 1e-4


def test_a_row_whose_question_is_missing_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="question q9"):
        next(iter(fit_lessons(TinyTrainable(), SFT(), [lesson("q9", "a")], QUESTIONS, ALL, tmp_path)))


def test_no_rows_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no row to train on"):
        next(iter(fit_lessons(TinyTrainable(), SFT(), [], QUESTIONS, ALL, tmp_path)))


def test_a_loss_that_is_no_number_stops_the_run_before_a_weight_moves(tmp_path: Path) -> None:
    model = TinyTrainable()
    with torch.no_grad():
        model.net.embed.weight[model.response_ids(Response(text="z"))[0]] = math.nan
    before = weights(model)
    with pytest.raises(ArithmeticError, match="loss of step 0 is nan"):
        next(iter(fit_lessons(model, SFT(), [lesson("q0", "az")], QUESTIONS, ALL, tmp_path)))
    assert torch.equal(weights(model).nan_to_num(7.0), before.nan_to_num(7.0))


def test_pairs_that_truncation_makes_equal_are_dropped_and_counted(tmp_path: Path) -> None:
    pairs = [pair("q0", "same start a", "same start b"), pair("q1", "aa", "bb"), pair("q2", "same", "same")]
    _, log = first_step(tmp_path, pairs, replace(ALL, keep_tokens=5))
    assert log.terms["dropped_pairs"] == 2
    assert log.terms["rows"] == 1


def test_a_frozen_tower_stays_and_asks_for_gradients_again_afterwards(tmp_path: Path) -> None:
    model, fresh = TinyTrainable(), TinyTrainable()
    lessons: list[Lesson] = [lesson(f"q{n}", "abc") for n in range(6)]
    model.net.train()
    list(fit_lessons(model, SFT(), lessons, QUESTIONS, replace(ALL, tower_learning_rate=0.0), tmp_path))
    assert torch.equal(model.net.tower.weight, fresh.net.tower.weight)
    assert not torch.equal(model.net.projector.weight, fresh.net.projector.weight)
    assert all(p.requires_grad and p.grad is None for p in model.net.parameters())
    assert model.net.training


def test_weights_that_are_frozen_on_entry_stay_frozen(tmp_path: Path) -> None:
    model, fresh = TinyTrainable(), TinyTrainable()
    model.net.embed.weight.requires_grad_(False)
    list(fit_lessons(model, SFT(), [lesson("q0", "abc")], QUESTIONS, ALL, tmp_path))
    assert torch.equal(model.net.embed.weight, fresh.net.embed.weight)
    assert not model.net.embed.weight.requires_grad
    assert not torch.equal(model.net.head.weight, fresh.net.head.weight)


def test_gradients_are_scaled_down_to_the_plans_norm(tmp_path: Path) -> None:
    """Adam hides a gradient's scale, but not beside its eps of 1e-8: with a norm of 1e-12 nothing moves visibly."""
    lessons = [lesson("q0", "abc")]
    free, bound = TinyTrainable(), TinyTrainable()
    open_plan, tight_plan = replace(ALL, max_grad_norm=0.0), replace(ALL, max_grad_norm=1e-12)
    unclipped = next(iter(fit_lessons(free, SFT(), lessons, QUESTIONS, open_plan, tmp_path / "a")))
    clipped = next(iter(fit_lessons(bound, SFT(), lessons, QUESTIONS, tight_plan, tmp_path / "b")))
    start = weights(TinyTrainable())
    assert float((weights(free) - start).abs().max()) > 5e-3
    assert float((weights(bound) - start).abs().max()) < 1e-5
    assert unclipped.terms["grad_norm"] > 0.1
    assert clipped.terms["grad_norm"] == pytest.approx(unclipped.terms["grad_norm"])


def test_half_precision_weights_are_refused(tmp_path: Path) -> None:
    model = TinyTrainable()
    model.net.head.to(torch.bfloat16)
    with pytest.raises(ValueError, match="half precision"):
        next(iter(fit_lessons(model, SFT(), [lesson("q0", "abc")], QUESTIONS, ALL, tmp_path)))


def test_the_finished_model_is_saved_and_the_mark_comes_last(tmp_path: Path) -> None:
    steps = fit_lessons(TinyTrainable(), SFT(), [lesson("q0", "abc")], QUESTIONS, ALL, tmp_path)
    assert len(list(islice(steps, 1))) == 1
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "done.json").exists()
    assert list(steps) == []
    saved = tmp_path / "model" / "weights.safetensors"
    assert (tmp_path / "done.json").stat().st_mtime_ns >= saved.stat().st_mtime_ns

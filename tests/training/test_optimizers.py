"""Optimisers, schedules and parts by name; the token mean of imitation."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from small_hub import opened
from test_fit_resumes import PLAN, same_run
from tiny_trainable import TinyTrainable, lesson, pairs_of, questions_of, store_of

from seewhy.model.plan import AdapterPlan
from seewhy.objectives.dpo import DPO
from seewhy.objectives.sft import SFT
from seewhy.records.types import StepLog
from seewhy.training.fit import fit_lessons, fit_pairs
from seewhy.training.moving import words_of
from seewhy.training.optimizers import MuonWithAdamW, optimizer_of
from seewhy.training.plan import FitPlan, OptimizerPlan
from seewhy.training.schedule import moved_parameters, rate_at

FAST = replace(PLAN, optimizer=OptimizerPlan(kind="muon", betas=(0.8, 0.9), schedule="linear", lowest=0.1))


def run(directory: Path, plan: FitPlan, stop: int | None = None) -> TinyTrainable:
    model, questions, pairs = TinyTrainable(), questions_of(5), pairs_of(5)
    steps = fit_pairs(model, DPO(), pairs, questions, store_of(model, pairs, questions, plan), plan, directory)
    list(islice(steps, stop))
    steps.close()
    return model


def weights(model: TinyTrainable) -> Mapping[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.net.state_dict().items()}


@pytest.mark.parametrize(
    ("schedule", "lowest", "expected"),
    [
        ("cosine", 0.0, [0.5, 1.0, 1.0, 0.75, 0.25]),
        ("cosine", 0.2, [0.5, 1.0, 1.0, 0.8, 0.4]),
        ("linear", 0.0, [0.5, 1.0, 1.0, 2 / 3, 1 / 3]),
        ("linear", 0.4, [0.5, 1.0, 1.0, 0.8, 0.6]),
        ("constant", 0.4, [0.5, 1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_rates_rise_and_then_follow_the_schedule(schedule: str, lowest: float, expected: list[float]) -> None:
    """Five steps, two of them warm-up: shares fallen are 0, 1/3, 2/3; (1 + cos(pi/3)) / 2 = 0.75."""
    plan = FitPlan(learning_rate=1.0, warmup=0.4, optimizer=OptimizerPlan(schedule=schedule, lowest=lowest))
    assert [rate_at(step, 5, plan) for step in range(5)] == pytest.approx(expected)


def test_frozen_parts_stay_to_the_bit_and_the_projector_has_a_rate_of_its_own(tmp_path: Path) -> None:
    before = weights(TinyTrainable())
    how = OptimizerPlan(frozen=("language",), projector_learning_rate=0.3)
    after = weights(run(tmp_path, replace(PLAN, optimizer=how, learning_rate=1e-9, tower_learning_rate=1e-3), 1))
    moved = {name.partition(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"tower", "projector"}
    # AdamW's first step is one rate long: the first of the warm-up's steps has the whole of it.
    assert float((after["projector.weight"] - before["projector.weight"]).abs().max()) == pytest.approx(0.3, rel=1e-3)
    assert float((after["tower.weight"] - before["tower.weight"]).abs().max()) == pytest.approx(1e-3, rel=1e-3)


def test_muon_takes_matrices_of_layers_and_leaves_words_and_vectors_to_adamw(tmp_path: Path) -> None:
    model = opened(tmp_path, AdapterPlan())
    plan = FitPlan(learning_rate=1e-3, tower_learning_rate=1e-3, optimizer=OptimizerPlan(kind="muon"))
    made = optimizer_of(moved_parameters(model, plan), plan, words_of(model.net))
    assert isinstance(made, MuonWithAdamW)
    names = {id(p): name for name, p in model.net.named_parameters()}
    muon, adamw = (
        {names[id(p)]: p.ndim for group in part.param_groups for p in group["params"]} for part in made.parts
    )
    assert set(muon.values()) == {2}
    assert not any(("embed" in name and "position" not in name) or "lm_head" in name for name in muon)
    assert any("q_proj" in name for name in muon)
    assert any("embed_tokens" in name for name in adamw)
    assert muon.keys() | adamw.keys() == set(names.values())


def test_a_run_by_muon_that_was_stopped_resumes_to_the_same_bits(tmp_path: Path) -> None:
    run(tmp_path / "whole", FAST)
    run(tmp_path / "cut", FAST, stop=3)
    run(tmp_path / "cut", FAST)
    assert same_run(tmp_path / "whole", tmp_path / "cut")


def test_fused_adamw_takes_the_steps_of_adamw(tmp_path: Path) -> None:
    one = weights(run(tmp_path / "plain", PLAN))
    other = weights(run(tmp_path / "fused", replace(PLAN, optimizer=OptimizerPlan(kind="adamw_fused"))))
    assert all(torch.allclose(one[name], other[name], atol=1e-5) for name in one)


def test_eight_bits_without_their_library_are_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pip install bitsandbytes"):
        run(tmp_path, replace(PLAN, optimizer=OptimizerPlan(kind="paged_adamw_8bit")))


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "lion"), ("schedule", "step"), ("frozen", ("head",)), ("lowest", 1.0), ("betas", (0.9, 1.0))],
)
def test_an_optimiser_that_does_not_exist_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        OptimizerPlan(**{field: value})


def first_losses(directory: Path, mean: str, row_tokens: int) -> StepLog:
    """The loss of a step over one reply of a token and one of 41."""
    rows = [lesson("q0", ""), lesson("q1", "a" * 40)]
    plan = FitPlan(learning_rate=1e-9, batch_size=2, row_tokens=row_tokens)
    steps = fit_lessons(TinyTrainable(), SFT(mean=mean), rows, questions_of(2), plan, directory)
    return next(iter(steps))


def test_the_token_mean_is_over_all_tokens_of_a_step_in_however_many_passes(tmp_path: Path) -> None:
    """The mean of the two means where replies count, (n1 + 41 n2) / 42 where tokens do, both in one pass and in two."""
    model, questions = TinyTrainable(), questions_of(2)
    model.net.eval()
    rows = [lesson("q0", ""), lesson("q1", "a" * 40)]
    nll = []
    for row, question in zip(rows, questions, strict=True):
        ids = model.response_ids(row.response)
        score = model.net(
            model.prompt(question, row.style).pictures["pixels"], model.prompt(question, row.style).ids, ids
        )
        nll.append(-score.detach())
    assert [len(one) for one in nll] == [1, 41]
    for tokens in (500, 1):
        by_reply = first_losses(tmp_path / f"replies-{tokens}", "replies", tokens).loss
        by_token = first_losses(tmp_path / f"tokens-{tokens}", "tokens", tokens).loss
        assert by_reply == pytest.approx(float(nll[0].mean() + nll[1].mean()) / 2, rel=1e-5)
        assert by_token == pytest.approx(float(torch.cat(nll).mean()), rel=1e-5)
    assert math.isfinite(by_reply)

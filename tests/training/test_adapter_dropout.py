"""Adapters with dropout, or gone on with: ratios begin at 1, a start is its reference, processes and resumes agree."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from several import together
from small_hub import PLAN, asked_in, base_in, opened, reference_of
from small_online import FIT, EvenReward, online
from small_online import PLAN as ROLLOUTS
from tiny_trainable import pairs_of

from seewhy.model.families.hub import HubModel
from seewhy.model.plan import AdapterPlan
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.mpo import MPO
from seewhy.records.step_logs import read_steps
from seewhy.records.types import StepLog, Style
from seewhy.training.fit import fit_pairs
from seewhy.training.online.assemble import Parts, train_online
from seewhy.training.online.fit import fit_online
from seewhy.training.online.plan import PairsPlan

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
DROPPING = AdapterPlan(rank=4, dropout=0.3)
GONE_ON = replace(DROPPING, go_on=True)
SHORT = replace(PLAN, epochs=1, batch_size=4, save_every=1)


def stirred(directory: Path) -> Path:
    """The folder of an adapter that changes much."""
    folder = directory / "stirred"
    if not folder.exists():
        model, generator = opened(directory, replace(DROPPING, dropout=0.0)), torch.Generator().manual_seed(1)
        with torch.no_grad():
            for name, parameter in model.net.named_parameters():
                if ".lora_B." in name:
                    parameter.normal_(0, 0.1, generator=generator)
        model.save_adapter(folder)
    return folder


def gone_on(directory: Path, name: str) -> Iterator[StepLog]:
    model = HubModel.load(stirred(directory))
    questions, pairs = asked_in(directory, 8), pairs_of(8)
    store = reference_of(model, pairs, questions)
    model.adapt(GONE_ON)
    return fit_pairs(model, MPO(), pairs, questions, store, SHORT, directory / name)


def all_of(directory: Path, name: str) -> None:
    list(gone_on(directory, name))


def test_an_adapter_gone_on_with_under_dropout_starts_at_its_reference_and_resumes_to_the_same_bits(
    tmp_path: Path,
) -> None:
    """The first loss is that of what is left, not ln 2: the check of the start looks at the whole net."""
    logs = list(gone_on(tmp_path, "whole"))
    assert abs(logs[0].terms["dpo"] - math.log(2)) > 1e-4
    list(islice(gone_on(tmp_path, "cut"), 1))
    rest = list(gone_on(tmp_path, "cut"))
    assert [log.loss for log in rest] == [log.loss for log in logs[-len(rest) :]]
    names = ("whole", "cut")
    one, other = ((tmp_path / name / "adapter" / "adapter_model.safetensors").read_bytes() for name in names)
    assert one == other


@pytest.mark.nightly
def test_two_processes_drop_what_one_drops(tmp_path: Path) -> None:
    base_in(tmp_path)
    all_of(tmp_path, "one")
    assert together(2, all_of, tmp_path, "two") == [0, 0]
    for one, two in zip(*(read_steps(tmp_path / name / "steps.jsonl") for name in ("one", "two")), strict=True):
        assert two.loss == pytest.approx(one.loss, rel=1e-4)
        assert two.terms["grad_norm"] == pytest.approx(one.terms["grad_norm"], rel=1e-3)


def test_before_the_first_update_of_every_round_ratios_are_one_under_dropout(tmp_path: Path) -> None:
    """One update a round over passes of a question each; in the second round the adapter is no longer zero."""
    fit = replace(FIT, epochs=1, batch_size=8, learning_rate=3e-2, row_tokens=40)
    run = online(tmp_path, "run", plan=replace(ROLLOUTS, rounds=2), fit=fit, adapter=replace(DROPPING, dropout=0.1))
    logs = list(fit_online(run))
    assert [log.terms["updates"] for log in logs] == [1.0, 1.0]
    for log in logs:
        assert log.terms["ratio"] == pytest.approx(1.0, abs=1e-5)
        assert log.terms["kl_old"] == pytest.approx(0.0, abs=1e-9)
        assert log.terms["clipped"] == 0.0
        assert log.terms["sampler_gap"] <= 1e-4


@pytest.mark.parametrize("adapter", [GONE_ON, AdapterPlan(rank=4, modules_to_save=("multi_modal_projector",))])
def test_online_the_reference_is_the_policy_at_the_start_whatever_the_adapter(
    tmp_path: Path, adapter: AdapterPlan
) -> None:
    start = stirred(tmp_path) if adapter.go_on else base_in(tmp_path)
    model = HubModel.load(start)
    model.adapt(replace(adapter, dropout=0.0))
    plan, fit = replace(ROLLOUTS, rounds=1), replace(FIT, epochs=1, batch_size=8)
    (log,) = train_online(Parts(
        model=model, objective=GRPO(kl=0.1), pairs=PairsPlan(), rewards={"even": EvenReward()}, weights={"even": 1.0},
        questions=asked_in(tmp_path), plan=plan, fit=fit, critic=None, style=Style.REASON, directory=tmp_path / "run",
        reference=lambda: HubModel.load(start), note=lambda _: None, recipe={}, off_is_start=adapter.off_is_start,
    ))  # fmt: skip
    assert log.terms["kl_reference"] == pytest.approx(0.0, abs=1e-8)

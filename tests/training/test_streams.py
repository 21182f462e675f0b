"""Streams of rows: weights, the mean over a step in whatever passes, and what the log says of each stream."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_trainable import TinyTrainable, lesson, pair, pairs_of, questions_of, store_of

from seewhy.objectives.api import PairObjective
from seewhy.objectives.dpo import DPO
from seewhy.objectives.ipo import IPO
from seewhy.objectives.mpo import MPO
from seewhy.objectives.nll import NLL
from seewhy.objectives.sft import SFT
from seewhy.records.types import Pair, StepLog
from seewhy.training.fit import fit_lessons, fit_pairs
from seewhy.training.plan import FitPlan
from seewhy.training.rows import Mixture, Stream

QUESTIONS = questions_of(6)
ALL = FitPlan(learning_rate=1e-2, batch_size=100, row_tokens=10_000, warmup=0.0)
LEFT, RIGHT = pairs_of(3), [pair(f"q{n}", f"other{n}", "none of it") for n in range(3, 6)]
THREE_SPLITS = pytest.mark.parametrize("row_tokens", [1, 45, 90])


def mixture(left: float, right: float, own: Sequence[float] | None = None) -> Mixture[Pair]:
    return Mixture(
        streams=(
            Stream(name="left", rows=LEFT, weight=left),
            Stream(name="right", rows=RIGHT, weight=right, row_weights=own),
        )
    )


def trained(
    rows: Sequence[Pair] | Mixture[Pair], place: Path, plan: FitPlan = ALL, objective: PairObjective | None = None
) -> tuple[TinyTrainable, list[StepLog]]:
    model = TinyTrainable()
    store = store_of(model, [*LEFT, *RIGHT], QUESTIONS, plan)
    return model, list(fit_pairs(model, objective or DPO(), rows, QUESTIONS, store, plan, place))


def weights(model: TinyTrainable) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.net.parameters()])


@THREE_SPLITS
@pytest.mark.parametrize("objective", [DPO(), IPO(), MPO(), NLL()], ids=lambda made: made.name)
def test_a_step_of_weighted_rows_is_the_same_however_it_is_cut(
    objective: PairObjective, row_tokens: int, tmp_path: Path
) -> None:
    rows = mixture(1.0, 0.2, own=(0.5, 1.0, 3.0))
    plan = replace(ALL, epochs=2)
    _, whole = trained(rows, tmp_path / "whole", plan, objective)
    model, parts = trained(rows, tmp_path / "parts", replace(plan, row_tokens=row_tokens), objective)
    assert len(model.forwards) > 2
    for one, other in zip(whole, parts, strict=True):
        assert other.loss == pytest.approx(one.loss, rel=1e-4)
        for name in ("grad_norm", "loss/left", "loss/right", "rows/left", "rows/right"):
            assert other.terms[name] == pytest.approx(one.terms[name], rel=1e-4), name


def test_the_loss_is_the_weighted_mean_of_the_streams_losses(tmp_path: Path) -> None:
    """A rate so small that the second step sees the first one's weights: NLL, whose loss differs by row."""
    _, (log, *_) = trained(mixture(1.0, 0.25), tmp_path, objective=NLL())
    left, right = len(LEFT), len(RIGHT)
    expected = (left * log.terms["loss/left"] + 0.25 * right * log.terms["loss/right"]) / (left + 0.25 * right)
    assert log.loss == pytest.approx(expected, rel=1e-6)
    assert abs(log.terms["loss/left"] - log.terms["loss/right"]) > 1e-3
    plain = (left * log.terms["loss/left"] + right * log.terms["loss/right"]) / (left + right)
    assert log.terms["nll"] == pytest.approx(plain, rel=1e-6)


def test_a_row_of_weight_two_moves_the_model_as_two_rows_do(tmp_path: Path) -> None:
    """Of plain descent only the gradient counts, and Adam's first step takes no more from it than its direction."""
    twice, logs = trained([*LEFT, *RIGHT, *RIGHT], tmp_path / "rows", objective=NLL())
    heavy, other = trained(mixture(1.0, 2.0), tmp_path / "weights", objective=NLL())
    assert other[0].loss == pytest.approx(logs[0].loss, rel=1e-6)
    assert other[0].terms["grad_norm"] == pytest.approx(logs[0].terms["grad_norm"], rel=1e-5)
    torch.testing.assert_close(weights(heavy), weights(twice), rtol=1e-4, atol=1e-5)


def test_a_row_of_its_own_weight_counts_as_much(tmp_path: Path) -> None:
    _, (twice, *_) = trained([*LEFT, *RIGHT, RIGHT[1]], tmp_path / "rows", objective=NLL())
    _, (heavy, *_) = trained(mixture(1.0, 1.0, own=(1.0, 2.0, 1.0)), tmp_path / "weights", objective=NLL())
    assert heavy.loss == pytest.approx(twice.loss, rel=1e-6)
    assert heavy.terms["grad_norm"] == pytest.approx(twice.terms["grad_norm"], rel=1e-5)


def test_one_stream_of_weight_one_trains_to_the_same_bits_as_its_rows(tmp_path: Path) -> None:
    plan = replace(ALL, batch_size=3, epochs=3, row_tokens=60)
    rows = [*LEFT, *RIGHT]
    plain, logs = trained(rows, tmp_path / "plain", plan, MPO())
    named, others = trained(Mixture(streams=(Stream(name="all", rows=rows),)), tmp_path / "named", plan, MPO())
    assert torch.equal(weights(plain), weights(named))
    assert [log.loss.hex() for log in logs] == [log.loss.hex() for log in others]
    assert not [name for name in others[0].terms if "/" in name]


def test_equal_weights_change_no_bit_and_each_stream_is_logged(tmp_path: Path) -> None:
    plan = replace(ALL, batch_size=3, epochs=3, row_tokens=60)
    plain, logs = trained([*LEFT, *RIGHT], tmp_path / "plain", plan)
    mixed, others = trained(mixture(1.0, 1.0), tmp_path / "mixed", plan)
    assert torch.equal(weights(plain), weights(mixed))
    assert [log.loss.hex() for log in logs] == [log.loss.hex() for log in others]
    found = {name for log in others for name in log.terms if name.endswith("/right")}
    assert found == {f"{name}/right" for name in ("loss", "margin", "chosen_tokens", "rejected_tokens", "rows")}
    assert sum(log.terms.get("rows/left", 0.0) for log in others) == 3 * len(LEFT)


def test_lessons_have_streams_as_well(tmp_path: Path) -> None:
    streams = (
        Stream(name="short", rows=[lesson("q0", "a")]),
        Stream(name="long", rows=[lesson("q1", "a long reply")], weight=3.0),
    )
    (log,) = fit_lessons(TinyTrainable(), SFT(), Mixture(streams=streams), QUESTIONS, ALL, tmp_path)
    assert log.loss == pytest.approx((log.terms["loss/short"] + 3 * log.terms["loss/long"]) / 4, rel=1e-6)
    assert log.terms["lesson_tokens/long"] > log.terms["lesson_tokens/short"] == 2


def test_the_start_is_checked_by_the_weighted_loss(tmp_path: Path) -> None:
    _, logs = trained(mixture(1.0, 0.01, own=np.array([0.1, 5.0, 1.0]).tolist()), tmp_path, objective=MPO())
    assert "at_reference" not in logs[0].terms


def test_a_run_of_other_weights_is_not_resumed(tmp_path: Path) -> None:
    trained(mixture(1.0, 0.5), tmp_path)
    with pytest.raises(ValueError, match="another rows"):
        trained(mixture(1.0, 0.6), tmp_path)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_that_is_no_weight_is_refused_with_its_stream(weight: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"stream 'right': weight must be a finite number above 0"):
        mixture(1.0, weight)
    with pytest.raises(ValueError, match=r"stream 'right', row 1: weight must be a finite number above 0"):
        trained(mixture(1.0, 1.0, own=(1.0, weight, 1.0)), tmp_path)


def test_streams_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'right': row_weights has 2 numbers for 3 rows"):
        mixture(1.0, 1.0, own=(1.0, 2.0))
    with pytest.raises(ValueError, match="two streams are called 'a'"):
        Mixture(streams=(Stream(name="a", rows=LEFT), Stream(name="a", rows=RIGHT)))

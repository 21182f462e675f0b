"""Ranked groups train as their pairs one a row do, with each response scored once; weights are those of the picks."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
import torch
from small_hub import asked_in, opened
from tiny_trainable import TinyTrainable, pairs_of, questions_of, store_of, weights_equal

from seewhy.model.packed.group import Group
from seewhy.model.plan import AdapterPlan
from seewhy.objectives.api import PairObjective
from seewhy.objectives.dpo import DPO
from seewhy.objectives.ipo import IPO
from seewhy.objectives.mpo import MPO
from seewhy.objectives.nll import NLL
from seewhy.objectives.sft import SFT
from seewhy.records.picked_pairs import PickedPairs
from seewhy.records.ranked import PairPick, RankedGroup, RankedResponse
from seewhy.records.types import Lesson, Response, Style
from seewhy.report.inputs import TrainingRun
from seewhy.training.examples import pair_example
from seewhy.training.fit import fit_lessons, fit_pairs
from seewhy.training.grouping import forwards_of, groups_of
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows
from seewhy.training.rows import Mixture, Stream

PLAN = FitPlan(learning_rate=1e-2, batch_size=24, epochs=2, row_tokens=100_000, warmup=0.0)
ONE_A_ROW = replace(PLAN, row_tokens=1)


def group(number: int, weight: float = 1.0, stream: str = "") -> RankedGroup:
    """Eight responses of falling scores, and 12 of their 28 pairs."""
    responses = tuple(
        RankedResponse(response=Response(text="good"[: 1 + place % 4] * (1 + place)), score=8.0 - place, scorer="hand")
        for place in range(8)
    )
    picks = [PairPick(chosen=high, rejected=low) for high, low in list(combinations(range(8), 2))[::2][:12]]
    picks[0] = replace(picks[0], weight=weight)
    return RankedGroup(
        question_id=f"q{number}", style=Style.REASON, responses=responses, source="hand", picks=tuple(picks),
        stream=stream,
    )  # fmt: skip


GROUPS = [group(number, weight=3.0) for number in range(4)]


@pytest.mark.parametrize("objective", [DPO(), MPO(), IPO(), NLL()], ids=lambda made: made.name)
def test_a_group_trains_as_its_pairs_one_a_row(objective: PairObjective, tmp_path: Path) -> None:
    questions, pairs = questions_of(4), PickedPairs(GROUPS)
    assert len(pairs) == 48
    found = []
    for name, plan in (("groups", PLAN), ("rows", ONE_A_ROW)):
        model = TinyTrainable()
        store = store_of(model, list(pairs), questions, plan)
        model.forwards.clear()
        logs = list(fit_pairs(model, objective, pairs, questions, store, plan, tmp_path / name))
        found.append((model, logs))
    (grouped, one), (rows, other) = found
    assert grouped.forwards == [2] * 4  # a step: two groups of 12 pairs in one pass
    assert rows.forwards == [1] * 96
    for log, same in zip(one, other, strict=True):
        assert same.loss == pytest.approx(log.loss, rel=1e-5)
        assert same.terms["grad_norm"] == pytest.approx(log.terms["grad_norm"], rel=1e-4)
    for first, second in zip(grouped.net.parameters(), rows.net.parameters(), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-5)


def test_a_group_on_a_real_net_has_the_losses_and_gradients_of_its_pairs(tmp_path: Path) -> None:
    model, questions = opened(tmp_path, AdapterPlan()), {one.id: one for one in asked_in(tmp_path)}
    examples = [pair_example(model, pair, 0) for pair in PickedPairs([group(0)])]
    found: list[list[torch.Tensor]] = []
    for row_tokens, passes in ((100_000, 1), (1, 12)):
        forwards = forwards_of(model, questions, [one for one in examples if one], row_tokens)
        assert len(forwards) == passes
        model.net.zero_grad(set_to_none=True)
        losses: list[torch.Tensor] = []
        for forward in forwards:
            (scored,) = model.group_logps(groups_of(forward))
            for chosen, rejected in forward[0].picks:
                losses.append(-torch.nn.functional.logsigmoid(scored[chosen].sum() - scored[rejected].sum()))
            torch.stack(losses[-len(forward[0].picks) :]).sum().backward()
        grads = [p.grad.clone() for p in model.net.parameters() if p.grad is not None]
        found.append([torch.stack(losses).detach().sort().values, *grads])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_each_response_of_a_group_is_scored_once_for_all_of_its_pairs(tmp_path: Path) -> None:
    model, questions = TinyTrainable(), {one.id: one for one in questions_of(1)}
    examples = [pair_example(model, pair, 0) for pair in PickedPairs([group(0)])]
    ((shared,),) = forwards_of(model, questions, [one for one in examples if one], 100_000)
    assert isinstance(shared.group, Group)
    assert len(shared.group.responses) == 8
    assert len(shared.picks) == 12


def test_reference_rows_of_a_group_are_one_a_response(tmp_path: Path) -> None:
    model, questions = TinyTrainable(), questions_of(1)
    rows = list(reference_rows(model, list(PickedPairs([group(0)])), questions, PLAN))
    assert len(rows) == len({row.key for row in rows}) == 8


def test_a_heavier_pick_moves_the_model_as_its_weight_says(tmp_path: Path) -> None:
    questions = questions_of(1)
    losses = {}
    for weight in (1.0, 3.0):
        pairs = PickedPairs([group(0, weight=weight)])
        model = TinyTrainable()
        (log,) = fit_pairs(model, NLL(), pairs, questions, None, replace(PLAN, epochs=1), tmp_path / str(weight))
        losses[weight] = log.loss
    (first,) = fit_pairs(
        TinyTrainable(), NLL(), PickedPairs([replace(group(0), picks=group(0).picks[:1])]), questions, None,
        replace(PLAN, epochs=1), tmp_path / "first",
    )  # fmt: skip
    assert losses[3.0] == pytest.approx((12 * losses[1.0] + 2 * first.loss) / 14, rel=1e-6)


def test_pairs_of_groups_resume_and_give_the_same_weights_as_pairs_in_a_list(tmp_path: Path) -> None:
    questions = questions_of(4)
    for name, rows in (("groups", PickedPairs(GROUPS)), ("list", list(PickedPairs(GROUPS)))):
        list(fit_pairs(TinyTrainable(), NLL(), rows, questions, None, PLAN, tmp_path / name))
    assert weights_equal(tmp_path / "groups" / "model", tmp_path / "list" / "model")


def test_rows_name_streams_that_are_weighted_and_logged_apart(tmp_path: Path) -> None:
    questions, plain = questions_of(4), pairs_of(4)
    rows = [replace(row, stream="format" if place % 3 == 0 else "right") for place, row in enumerate(plain)]
    weights = {"format": 0.2, "right": 1.0}
    mixed = Mixture(streams=(Stream(name="", rows=rows),), weights=weights)
    by_name = Mixture(
        streams=tuple(
            Stream(name=name, rows=[row for row in rows if row.stream == name], weight=weight)
            for name, weight in weights.items()
        )
    )
    logs = [
        list(fit_pairs(TinyTrainable(), NLL(), mixture, questions, None, PLAN, tmp_path / str(place)))
        for place, mixture in enumerate((mixed, by_name))
    ]
    for one, other in zip(*logs, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-5)
        for name in ("loss/format", "loss/right", "rows/format", "rows/right", "chosen_tokens/format"):
            assert one.terms[name] == pytest.approx(other.terms[name], rel=1e-5)
    left = replace(rows[0], stream="")
    (log,) = fit_pairs(
        TinyTrainable(), NLL(), [left, *rows[1:]], questions, None, replace(PLAN, epochs=1), tmp_path / "left"
    )
    assert log.terms["rows/no stream"] == 1.0


def test_margins_of_streams_are_logged_apart(tmp_path: Path) -> None:
    questions, model = questions_of(4), TinyTrainable()
    groups = [group(number, stream="right" if number % 2 else "format") for number in range(4)]
    store = ReferenceStore.of(model.fingerprint, reference_rows(model, list(PickedPairs(groups)), questions, PLAN))
    plan = replace(PLAN, batch_size=48, learning_rate=3e-2)
    *_, last = fit_pairs(model, DPO(), PickedPairs(groups), questions, store, plan, tmp_path)
    assert last.terms["margin/right"] != last.terms["margin/format"] != 0.0
    panels = {panel.title: panel.terms for panel in TrainingRun(name="dpo", steps=(last,)).by_stream().panels}
    assert set(panels["Margin by stream"]) == {"margin/right", "margin/format"}
    assert len(panels["Length by stream"]) == 4
    whole = (last.terms["margin/right"] + last.terms["margin/format"]) / 2
    assert last.terms["margin"] == pytest.approx(whole, rel=1e-5)


def test_a_row_of_a_stream_without_a_weight_and_a_weight_without_rows_are_refused(tmp_path: Path) -> None:
    rows = [Lesson(question_id="q0", style=Style.REASON, response=Response(text="a"), source="s", stream="format")]
    for weights, said in (({"right": 1.0}, "row 0: its stream is 'format'"), ({"format": 1.0, "x": 2.0}, "stream 'x'")):
        mixture = Mixture(streams=(Stream(name="", rows=rows),), weights=weights)
        with pytest.raises(ValueError, match=said):
            list(fit_lessons(TinyTrainable(), SFT(), mixture, questions_of(1), PLAN, tmp_path))
    with pytest.raises(ValueError, match="'format' is 0"):
        Mixture(streams=(Stream(name="", rows=rows),), weights={"format": 0.0})


def test_a_row_of_weight_zero_is_refused(tmp_path: Path) -> None:
    row = replace(pairs_of(1)[0], weight=0.0)
    with pytest.raises(ValueError, match=r"question q0: weight 0.0 is not above 0"):
        list(fit_pairs(TinyTrainable(), NLL(), [row], questions_of(1), None, PLAN, tmp_path))

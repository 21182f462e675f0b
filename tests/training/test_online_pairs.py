"""Online pairs: which rollouts are paired, what an update is, and what the reference is in each round."""

from dataclasses import replace
from math import log
from pathlib import Path

import pytest
import torch
from small_online import FIT, PLAN, online

from seewhy.model.packed.group import Group
from seewhy.objectives.dpo import DPO
from seewhy.records.shards import read_rows
from seewhy.records.types import Pair
from seewhy.training.online.draw import draw_round, folder_of
from seewhy.training.online.fit import fit_online
from seewhy.training.online.pairs import PAIRS, OnlinePairs, pairs_in, pairs_of, update_pairs
from seewhy.training.online.plan import ROUND, PairsPlan
from seewhy.training.online.prepare import prepare
from seewhy.training.online.update import Mover

BETA = 0.5
ONE_UPDATE = replace(FIT, epochs=1, batch_size=8)


def paired(**plan: object) -> OnlinePairs:
    return OnlinePairs(objective=DPO(beta=BETA), plan=PairsPlan(**plan))


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (PairsPlan(), [(1, 3, 4.0), (5, 7, 1.0)]),
        (PairsPlan(most=3), [(1, 3, 4.0), (0, 4, 1.0), (5, 7, 1.0)]),
        (PairsPlan(most=3, margin=1.0), [(1, 3, 4.0)]),
    ],
    ids=["best against worst", "second best against second worst", "by more than a margin"],
)
def test_the_best_of_a_question_is_paired_with_its_worst(plan, expected):
    """The first question has 2, 3, -, -1, 1 and the second 1, 0.5, 0; the third earns the same everywhere."""
    totals = [2.0, 3.0, None, -1.0, 1.0, 1.0, 0.5, 0.0, 7.0, 7.0]
    groups = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2]
    assert [(one.chosen, one.rejected, one.margin) for one in pairs_of(totals, groups, plan)] == expected


def flat(net: torch.nn.Module) -> torch.Tensor:
    return torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in net.parameters()])


def test_an_update_has_the_loss_and_the_gradient_of_dpo_on_rollouts_scored_one_by_one(tmp_path: Path) -> None:
    objective = paired(most=2)
    run = online(tmp_path, "one", objective=objective)
    learner, noise = run.learner, torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in learner.reference.model.net.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=noise), alpha=0.02)
    prepared = prepare(learner, draw_round(run.drawing, 0, 0), {})
    pairs = pairs_in(prepared, objective.plan)
    assert len(pairs) > 2
    net = learner.model.net
    optimizer = torch.optim.SGD([{"params": list(net.parameters()), "peak": 1.0}], lr=1.0)
    mover = Mover(optimizer=optimizer, fit=replace(ONE_UPDATE, max_grad_norm=0.0), total=1,
                  parts=(tuple(net.parameters()),), directory=tmp_path)  # fmt: skip
    before = [parameter.detach().clone() for parameter in net.parameters()]
    taken, sums, _ = update_pairs(learner, objective, prepared, pairs, mover, {}, 0, "s")
    rate = optimizer.param_groups[0]["lr"]
    moved = torch.cat(
        [((old - new) / rate).detach().flatten() for old, new in zip(before, net.parameters(), strict=True)]
    )
    with torch.no_grad():
        for parameter, old in zip(net.parameters(), before, strict=True):
            parameter.copy_(old)

    def summed(model: object, number: int) -> torch.Tensor:
        example = prepared.examples[number]
        prompt = model.prompt(learner.questions[example.question_id], example.style, False)
        with model.as_drawn(1.0):
            return model.group_logps([Group(prompt=prompt, responses=example.responses)])[0][0].sum()

    def gap(number: int) -> torch.Tensor:
        return summed(learner.model, number) - summed(learner.reference.model, number).detach()

    losses = [-torch.nn.functional.logsigmoid(BETA * (gap(one.chosen) - gap(one.rejected))) for one in pairs]
    loss = torch.stack(losses).mean()
    net.zero_grad()
    loss.backward()
    assert taken == 1
    assert abs(loss.item() - log(2)) > 1e-3
    assert sums.means()["loss"] == pytest.approx(loss.item(), abs=1e-5)
    assert rate > 0
    assert moved.abs().max() > 1e-2
    torch.testing.assert_close(moved, flat(net), atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("reference", ["start", ROUND])
def test_a_fresh_reference_each_round_makes_every_first_loss_that_of_no_difference(tmp_path: Path, reference) -> None:
    run = online(tmp_path, reference, objective=paired(reference=reference), fit=ONE_UPDATE)
    logs = list(fit_online(run))
    assert [one.terms["updates"] for one in logs] == [1.0] * PLAN.rounds
    assert logs[0].loss == pytest.approx(log(2), abs=1e-5)
    is_fresh = [abs(one.loss - log(2)) < 1e-5 for one in logs[1:]]
    assert all(is_fresh) if reference == ROUND else not any(is_fresh)
    rows = list(read_rows(folder_of(tmp_path / reference, 0) / PAIRS, Pair))
    assert len(rows) == logs[0].terms["pairs"]
    assert all(row.margin > 0 and row.chosen.token_ids != row.rejected.token_ids for row in rows)

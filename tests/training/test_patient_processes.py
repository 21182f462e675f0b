"""Processes wait for slow work of one of them beyond the limit of collective operations, and decide together."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from several import together
from small_hub import base_in
from small_online import FIT, PLAN, online
from torch import nn

from seewhy.records.step_logs import read_steps
from seewhy.records.types import Chain, Question
from seewhy.rewards.api import Earned
from seewhy.training.checkpoint import Progress, checkpoints
from seewhy.training.online.fit import fit_online
from seewhy.training.parallel.engine import Copies
from seewhy.training.parallel.ranks import ranks_here

LIMIT = timedelta(seconds=4)
SLOW_S = 7.0
"""Longer than a collective operation may take."""
ROUND = replace(PLAN, rounds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByQuestion:
    """Even token ids earn; for one question it takes long, does not apply, or is a rollout's own affair."""

    slow: str = ""
    only: str = ""

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        time.sleep(SLOW_S if question.id == self.slow else 0.0)
        if self.only and question.id != self.only:
            return tuple(Earned(value=None, why="another question") for _ in chains)
        shares = [sum(t % 2 == 0 for t in chain.token_ids or ()) / len(chain.token_ids or (1,)) for chain in chains]
        return tuple(Earned(value=share) for share in shares)


def one_slow_reward(directory: Path) -> None:
    made = online(directory, "slow", plan=ROUND, rewards={"even": ByQuestion(slow="q0")},
                  fit=replace(FIT, epochs=1))  # fmt: skip
    assert (
        len(list(fit_online(replace(made, drawing=replace(made.drawing, questions=made.drawing.questions[:2]))))) == 1
    )


class SlowToRead(nn.Linear):
    """A net whose weights take long to come by, as those of a large one on a slow disk."""

    def named_parameters(self, *args: object, **kwargs: object) -> Iterator[tuple[str, nn.Parameter]]:
        time.sleep(SLOW_S / 2)
        return super().named_parameters(*args, **kwargs)


def one_slow_save(directory: Path) -> None:
    ranks, net = ranks_here(), SlowToRead(2, 2)
    Copies(ranks=ranks).save(directory, net, torch.optim.SGD(net.parameters()), Progress(steps=1, objective={}, run={}))
    assert ranks.gather(ranks.rank) == [0, 1]


def no_number_on_the_second(directory: Path) -> None:
    """A gradient of one process is no number: no weight of either moves, and both say so."""
    made = online(directory, "nan", plan=ROUND, fit=replace(FIT, epochs=1, batch_size=8))
    net, ranks = made.learner.model.net, ranks_here()
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    if not ranks.is_first:
        weight = next(p for name, p in net.named_parameters() if "language" in name and "q_proj.w" in name)
        weight.register_hook(lambda grad: grad * float("nan"))
    with pytest.raises(ArithmeticError, match=r"the gradient of update 0 is not finite"):
        list(fit_online(made))
    assert all(torch.equal(before[name], p) for name, p in net.named_parameters())
    assert not checkpoints(directory / "nan")


def of_one_question(directory: Path, name: str) -> None:
    """Of three rewards one applies to the questions of one process alone, and one to none."""
    rewards = {"even": ByQuestion(), "one": ByQuestion(only="q1"), "none": ByQuestion(only="q9")}
    list(fit_online(online(directory, name, plan=replace(PLAN, rounds=2), rewards=rewards)))


@pytest.mark.nightly
@pytest.mark.parametrize("work", [one_slow_reward, one_slow_save])
def test_slow_work_of_one_process_is_waited_for_beyond_the_limit_of_collective_operations(tmp_path: Path, work) -> None:
    base_in(tmp_path)
    assert together(2, work, tmp_path, limit=LIMIT) == [0, 0]


@pytest.mark.nightly
def test_a_gradient_that_is_no_number_on_one_process_moves_no_weight_on_any(tmp_path: Path) -> None:
    base_in(tmp_path)
    assert together(2, no_number_on_the_second, tmp_path) == [0, 0]


@pytest.mark.nightly
def test_rewards_that_apply_on_one_process_alone_or_nowhere_have_the_figures_of_one_process(tmp_path: Path) -> None:
    of_one_question(tmp_path, "one")
    assert together(2, of_one_question, tmp_path, "two") == [0, 0]
    logs, others = (read_steps(tmp_path / name / "steps.jsonl") for name in ("one", "two"))
    assert {log.terms["applies/none"] for log in logs} == {0.0}
    assert {log.terms["applies/one"] for log in logs} == {0.0, 4.0}, json.dumps(logs[0].terms)
    for log, other in zip(logs, others, strict=True):
        assert log.terms.keys() == other.terms.keys()
        assert "reward/none" not in log.terms
        for name in ("applies/one", "applies/none", "reward/even", "reward", "unrewarded"):
            assert other.terms[name] == pytest.approx(log.terms[name], rel=1e-6), name

"""An online training that an alarm stops, or that is no number, ends after what it names, and says how it goes on."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_online import FIT, PLAN, online

from seewhy.records.step_logs import read_steps
from seewhy.records.types import Chain, Question
from seewhy.rewards.api import Earned
from seewhy.training.checkpoint import checkpoints
from seewhy.training.monitor.alarms import AlarmError
from seewhy.training.monitor.plan import GuardPlan
from seewhy.training.online.fit import OnlineRun, fit_online

WATCHED = GuardPlan(abort=("unrewarded",))


class Half:
    """Applies to every second rollout: so many without a reward ring `unrewarded`."""

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        return tuple(Earned(value=None if c.index % 2 else float(len(c.text)), why="odd") for c in chains)


def half(directory: Path) -> OnlineRun:
    return online(directory, "half", rewards={"mine": Half()}, plan=replace(PLAN, rounds=2))


def test_a_run_that_an_alarm_stops_says_where_it_is_saved_says_it_again_and_goes_on_without_the_alarm(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    for _ in range(2):
        with pytest.raises(AlarmError) as told:
            list(fit_online(replace(half(tmp_path), guard=WATCHED)))
        said.append(str(told.value))
        assert [log.step for log in read_steps(tmp_path / "half" / "steps.jsonl")] == [0]
    assert said[0] == said[1]
    assert said[0].startswith("stopped by the alarm unrewarded at step 0: 4 of 8 rollouts have no reward at all; ")
    assert f"saved in {tmp_path / 'half' / 'checkpoint-1'}; none was saved before it" in said[0]
    assert "without unrewarded among the alarms of `abort`" in said[0]
    assert [log.step for log in fit_online(half(tmp_path))] == [1]
    assert (tmp_path / "half" / "done.json").exists()
    assert list(fit_online(replace(half(tmp_path), guard=WATCHED))) == []


def test_a_learning_rate_so_high_that_a_gradient_is_no_number_ends_the_run_by_its_update(tmp_path: Path) -> None:
    run = online(tmp_path, "high", plan=replace(PLAN, rounds=1), fit=replace(FIT, learning_rate=1e30))
    with pytest.raises(
        ArithmeticError, match=r"high: the gradient of update \d is not finite, .*there is no checkpoint yet. L"
    ):
        list(fit_online(run))
    assert not checkpoints(tmp_path / "high")
    assert all(bool(torch.isfinite(p).all()) for p in run.learner.model.net.parameters())

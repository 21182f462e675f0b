"""What BCO says of pairs worked by hand, and how its delta runs."""

from math import log

import pytest
import torch

from seewhy.objectives.bco import BCO


def test_bco_judges_each_side_by_itself(pair):
    """With delta 0, beta 0.1. Chosen: 0.1 * 10 log 3 = log 3, -log s = log(4/3). Rejected: 0.1 * 10 log 2 = log 2,
    s(-log 2) = 1/3, -log s = log 3. Sum: log(4/3) + log 3 = log 4 = 1.386294.
    """
    bco = BCO(beta=0.1)
    loss = bco.loss(pair([log(3) * 10], [log(2) * 4, log(2) * 6]), bco.initial())
    assert loss.each.item() == pytest.approx(log(4), abs=1e-6)


def test_bco_measures_both_sides_from_delta(pair):
    """With delta = log 2. Chosen: log 6 - log 2 = log 3, -log s(log 3) = log(4/3).
    Rejected: -(log 4 - log 2) = -log 2, -log s(-log 2) = log 3. Sum: log 4.

    With delta's sign turned: -log s(log 12) - log s(-log 8) = log(13/12) + log 9.
    """
    loss = BCO(beta=0.1).loss(pair([log(6) * 10], [log(4) * 10]), {"delta_mean": log(2), "delta_count": 2.0})
    assert loss.each.item() == pytest.approx(log(4), abs=1e-6)


def test_delta_is_the_mean_of_all_rewards_so_far_whatever_the_size_of_the_steps():
    """Rewards 1, 3, then 8: (1 + 3) / 2 = 2, then (1 + 3 + 8) / 3 = 4. The mean of the two steps' means would be 5."""
    bco = BCO()
    first = bco.advance(bco.initial(), torch.tensor([1.0, 3.0]))
    second = bco.advance(first, torch.tensor([8.0]))
    assert bco.initial()["delta_mean"] == 0.0
    assert first["delta_mean"] == pytest.approx(2.0)
    assert second == pytest.approx({"delta_mean": 4.0, "delta_count": 3.0})


def test_a_step_without_rewards_leaves_delta_alone():
    state = {"delta_mean": 0.7, "delta_count": 4.0}
    assert BCO().advance(state, torch.zeros(0)) == state


def test_the_rewards_of_a_step_do_not_move_the_delta_of_the_same_step(pair):
    """The reward of lr 10 log 3 is log 3 and delta stays 0 within the step: log(4/3), not log 2 for delta = log 3."""
    bco = BCO(beta=0.1)
    state = bco.initial()
    first = bco.loss(pair([log(3) * 10], [-1000.0]), state).each.item()
    again = bco.loss(pair([log(3) * 10], [-1000.0]), state).each.item()
    assert first == again == pytest.approx(log(4 / 3), abs=1e-6)

"""What MPO says of pairs worked by hand."""

from math import log

import pytest
import torch

from seewhy.objectives.dpo import DPO
from seewhy.objectives.mpo import MPO
from seewhy.objectives.nll import NLL


def test_mpo_is_eight_tenths_preference_two_tenths_quality_and_all_of_the_nll(pair):
    """Chosen tokens -1, -3, reference -1 - 5 log 3 and -3 - 5 log 3: lr_w = 10 log 3, NLL = (1 + 3) / 2 = 2.
    Rejected -4, reference -4 - 10 log 2: lr_l = 10 log 2. beta 0.1, delta 0.

    DPO: z = log 3 - log 2 = log(3/2), s = 3/5, loss log(5/3) = 0.510826.
    BCO: -log s(log 3) - log s(-log 2) = log(4/3) + log 3 = log 4 = 1.386294.
    0.8 * 0.510826 + 0.2 * 1.386294 + 2 = 0.408660 + 0.277259 + 2 = 2.685919.
    """
    mpo = MPO(beta=0.1)
    view = pair([-1.0, -3.0], [-4.0], [-1 - 5 * log(3), -3 - 5 * log(3)], [-4 - 10 * log(2)])
    loss = mpo.loss(view, mpo.initial())
    assert loss.each.item() == pytest.approx(2.685919, abs=1e-5)
    parts = [loss.terms[name].item() for name in ("dpo", "bco", "nll")]
    assert parts == pytest.approx([log(5 / 3), log(4), 2.0], abs=1e-5)


def test_mpo_measures_quality_from_delta(pair):
    """BCO alone, delta = log 2: log(4/3) + log 3 = log 4, as worked for BCO."""
    mpo = MPO(preference=0.0, quality=1.0, generation=0.0)
    loss = mpo.loss(pair([log(6) * 10], [log(4) * 10]), {"delta_mean": log(2), "delta_count": 2.0})
    assert loss.each.item() == pytest.approx(log(4), abs=1e-6)


def test_the_delta_of_mpo_runs_over_the_rewards_of_all_steps():
    """Rewards 1, 3, then 8: delta 4."""
    mpo = MPO()
    state = mpo.advance(mpo.advance(mpo.initial(), torch.tensor([1.0, 3.0])), torch.tensor([8.0]))
    assert state["delta_mean"] == pytest.approx(4.0)


def test_mpo_without_quality_is_dpo_with_an_imitation_term(pair):
    view = pair([-1.0, -3.0], [-4.0], [-2.0, -3.5], [-3.0])
    mixed = MPO(preference=1.0, quality=0.0, generation=0.5)
    expected = DPO().loss(view, {}).each + 0.5 * NLL().loss(view, {}).each
    assert mixed.loss(view, mixed.initial()).each.item() == pytest.approx(expected.item(), abs=1e-6)


@pytest.mark.parametrize("field", ["preference", "quality", "generation"])
def test_a_negative_weight_is_refused_by_name(field):
    with pytest.raises(ValueError, match=f"MPO.{field} is a weight"):
        MPO(**{field: -0.1})

"""How responses are discounted, worked by hand."""

import pytest
import torch

from seewhy.objectives.api import PairView
from seewhy.objectives.dpo import DPO
from seewhy.objectives.mpo import MPO
from seewhy.objectives.parts.length import Discount, discount_by_cosine, discount_by_line, discount_pairs

MASK = torch.tensor([[False, True, True, True, True], [False, True, True, False, False]])


def test_the_cosine_discount_falls_from_one_by_half_a_wave():
    """L = 4: (1 + cos(0, 45, 90, 135 degrees)) / 2 = 1, 0.853553, 0.5, 0.146447; L = 2: 1, 0.5."""
    weights = discount_by_cosine(MASK)
    assert weights[0].tolist() == pytest.approx([0, 1, 0.853553, 0.5, 0.146447], abs=1e-6)
    assert weights[1].tolist() == pytest.approx([0, 1, 0.5, 0, 0], abs=1e-6)


def test_the_linear_discount_falls_by_one_over_the_length():
    """L = 4: 4/4, 3/4, 2/4, 1/4; L = 2: 2/2, 1/2."""
    assert discount_by_line(MASK).tolist() == [[0, 1, 0.75, 0.5, 0.25], [0, 1, 0.5, 0, 0]]


def test_a_discount_weighs_the_log_ratio_of_each_token(pair):
    """Linear, L = 2: chosen (3 - 1) * 1 + (5 - 1) * 0.5 = 4; rejected (0 - 2) * 1 + (0 - 2) * 0.5 = -3; 0.1 * 7."""
    view = pair([3.0, 5.0], [0.0, 0.0], [1.0, 1.0], [2.0, 2.0])
    assert DPO(discount=Discount.LINE).loss(view, {}).terms["margin"].item() == pytest.approx(0.7)


def test_a_cosine_discount_weighs_the_log_ratio_of_each_token(pair):
    """L = 2: weights 1, 0.5, as by line; L = 3: 1, (1 + cos 60) / 2 = 0.75, (1 + cos 120) / 2 = 0.25.

    Chosen 2 + 2 * 0.75 + 2 * 0.25 = 4, rejected -1 - 0.5 = -1.5; 0.1 * 5.5.
    """
    view = pair([2.0, 2.0, 2.0], [-1.0, -1.0])
    assert DPO(discount=Discount.COSINE).loss(view, {}).terms["margin"].item() == pytest.approx(0.55)


def test_the_nll_of_mpo_is_discounted_with_the_rest(pair):
    """Linear: NLL = (1 * 1 + 3 * 0.5) / 2 = 1.25."""
    mpo = MPO(discount=Discount.LINE)
    loss = mpo.loss(pair([-1.0, -3.0], [-4.0]), mpo.initial())
    assert loss.terms["nll"].item() == pytest.approx(1.25)


def test_without_a_discount_a_view_is_left_as_it_is(pair):
    view = pair([2.0, 1.0], [1.0])
    assert discount_pairs(view, Discount.NONE) is view


def test_a_view_without_a_reference_is_discounted_without_one():
    view = PairView(
        policy_chosen=torch.ones(1, 2),
        policy_rejected=torch.ones(1, 2),
        chosen_mask=torch.ones(1, 2, dtype=torch.bool),
        rejected_mask=torch.ones(1, 2, dtype=torch.bool),
    )
    found = discount_pairs(view, Discount.LINE)
    assert found.policy_chosen.tolist() == [[1.0, 0.5]]
    assert found.reference_chosen is None

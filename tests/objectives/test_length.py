"""How responses are cut and discounted, worked by hand."""

import pytest
import torch

from seewhy.objectives.dpo import DPO
from seewhy.objectives.parts.length import cut_pairs, discount_by_cosine, discount_by_line, discount_pairs, keep_first

MASK = torch.tensor([[False, True, True, True, True], [False, True, True, False, False]])


def test_only_the_first_tokens_of_a_response_are_kept_wherever_it_starts():
    expected = [[False, True, True, True, False], [False, True, True, False, False]]
    assert keep_first(MASK, 3).tolist() == expected


def test_keeping_no_token_is_refused():
    with pytest.raises(ValueError, match="at least 1 token"):
        keep_first(MASK, 0)


def test_the_cosine_discount_falls_from_one_by_half_a_wave():
    """L = 4: (1 + cos(0, 45, 90, 135 degrees)) / 2 = 1, 0.853553, 0.5, 0.146447; L = 2: 1, 0.5."""
    weights = discount_by_cosine(MASK)
    assert weights[0].tolist() == pytest.approx([0, 1, 0.853553, 0.5, 0.146447], abs=1e-6)
    assert weights[1].tolist() == pytest.approx([0, 1, 0.5, 0, 0], abs=1e-6)


def test_the_linear_discount_falls_by_one_over_the_length():
    """L = 4: 4/4, 3/4, 2/4, 1/4; L = 2: 2/2, 1/2."""
    assert discount_by_line(MASK).tolist() == [[0, 1, 0.75, 0.5, 0.25], [0, 1, 0.5, 0, 0]]


def test_a_cut_pair_is_worth_what_its_kept_tokens_are(pair):
    """Kept: chosen 2 + 1 = 3, rejected 1 + 1 = 2; reward margin 0.1 * (3 - 2) = 0.1. Uncut: 0.1 * (8 - 4)."""
    view = pair([2.0, 1.0, 5.0], [1.0, 1.0, 1.0, 1.0])
    assert DPO().loss(view, {}).terms["margin"].item() == pytest.approx(0.4)
    cut = cut_pairs(view, 2)
    assert DPO().loss(cut, {}).terms["margin"].item() == pytest.approx(0.1)
    assert cut.policy_chosen.tolist() == [[2.0, 1.0, 0.0]]


def test_a_discount_weighs_the_log_ratio_of_each_token(pair):
    """Linear, L = 2: chosen (3 - 1) * 1 + (5 - 1) * 0.5 = 4; rejected (0 - 2) * 1 + (0 - 2) * 0.5 = -3; 0.1 * 7."""
    view = discount_pairs(pair([3.0, 5.0], [0.0, 0.0], [1.0, 1.0], [2.0, 2.0]), discount_by_line)
    assert DPO().loss(view, {}).terms["margin"].item() == pytest.approx(0.7)

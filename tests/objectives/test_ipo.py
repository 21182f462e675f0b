"""What IPO says of pairs worked by hand."""

import pytest

from seewhy.objectives.ipo import IPO


def test_ipo_regresses_the_difference_of_the_means_over_tokens(pair):
    """lr_w = 1 + 5 = 6 over 2 tokens: 3; lr_l = -2 - 3 - 1 = -6 over 3 tokens: -2; h = 5.

    beta 0.25: 1 / (2 * 0.25) = 2, so (5 - 2)^2 = 9. With sums for means it would be (12 - 2)^2 = 100.
    """
    loss = IPO(beta=0.25).loss(pair([1.0, 5.0], [-2.0, -3.0, -1.0]), {})
    assert loss.each.item() == pytest.approx(9.0, abs=1e-5)


def test_ipo_is_content_at_its_target_and_costs_on_both_sides_of_it(pair):
    """With beta 0.25 it has its target at h = 2: 0 there, (3 - 2)^2 = 1 past it, (1 - 2)^2 = 1 before it."""
    ipo = IPO(beta=0.25)
    costs = [ipo.loss(pair([h], [0.0]), {}).each.item() for h in (1.0, 2.0, 3.0)]
    assert costs == pytest.approx([1.0, 0.0, 1.0], abs=1e-6)

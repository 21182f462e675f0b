"""What the hinge loss says of pairs worked by hand."""

import pytest

from seewhy.objectives.hinge import Hinge


@pytest.mark.parametrize(
    ("chosen", "rejected", "expected"),
    [(4.0, 1.0, 0.7), (11.0, 1.0, 0.0), (20.0, 1.0, 0.0), (1.0, 6.0, 1.5)],
)
def test_hinge_is_one_minus_the_margin_and_never_below_zero(pair, chosen, rejected, expected):
    """With beta 0.1: 1 - 0.1 * (4 - 1) = 0.7; 1 - 0.1 * 10 = 0; 1 - 1.9 is cut to 0; 1 + 0.5 = 1.5."""
    loss = Hinge(beta=0.1).loss(pair([chosen / 2, chosen / 2], [rejected]), {})
    assert loss.each.item() == pytest.approx(expected, abs=1e-6)

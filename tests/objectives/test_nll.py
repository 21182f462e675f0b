"""What imitating the chosen response costs, worked by hand."""

from math import log

import pytest

from seewhy.objectives.nll import NLL


def test_nll_is_the_mean_over_the_tokens_of_the_chosen_response(pair):
    """Chosen tokens -log 2, -log 4, -log 8: (log 2 + 2 log 2 + 3 log 2) / 3 = 2 log 2 = 1.386294.

    Neither the rejected response nor the reference counts.
    """
    view = pair([-log(2), -log(4), -log(8)], [-9.0], [-7.0, -7.0, -7.0], [-5.0])
    assert NLL().loss(view, {}).each.item() == pytest.approx(2 * log(2), abs=1e-6)

"""What robust DPO says of a pair worked by hand."""

from math import log

import pytest

from seewhy.objectives.robust import Robust


def test_robust_subtracts_what_flipped_labels_add(pair):
    """With z = 0.1 * 10 log 3 = log 3: -log s(z) = log(4/3) = 0.287682, -log s(-z) = log 4 = 1.386294.

    With e = 0.1: (0.9 * 0.287682 - 0.1 * 1.386294) / 0.8 = 0.120285 / 0.8 = 0.150356.
    """
    loss = Robust(beta=0.1, label_smoothing=0.1).loss(pair([log(3) * 3], [-log(3) * 7]), {})
    assert loss.each.item() == pytest.approx(0.150356, abs=1e-6)

"""What DPO says of pairs worked by hand."""

from math import log

import pytest

from seewhy.objectives.dpo import DPO

# z = log 3 makes s(z) = 3/4, and s(-z) = 1/4.
CHOSEN = [log(3) * 4, -log(3) * 1]
REJECTED = [-log(3) * 7]


def test_dpo_is_the_negative_log_chance_that_the_chosen_wins(pair):
    """lr_w = 4 log 3 - log 3 = 3 log 3; lr_l = -7 log 3; beta 0.1: z = 0.1 * 10 log 3 = log 3.

    s(log 3) = 3 / (1 + 3) = 3/4, so the loss is log(4/3) = 0.287682.
    """
    loss = DPO(beta=0.1).loss(pair(CHOSEN, REJECTED), {})
    assert loss.each.item() == pytest.approx(log(4 / 3), abs=1e-6)
    assert loss.terms["dpo"].item() == pytest.approx(log(4 / 3), abs=1e-6)


def test_dpo_tells_the_rewards_of_both_sides_and_their_margin(pair):
    """Rewards 0.1 * 3 log 3 = 0.329584 and -0.1 * 7 log 3 = -0.769029; margin log 3 = 1.098612."""
    terms = DPO(beta=0.1).loss(pair(CHOSEN, REJECTED), {}).terms
    assert terms["reward_chosen"].item() == pytest.approx(0.329584, abs=1e-6)
    assert terms["reward_rejected"].item() == pytest.approx(-0.769029, abs=1e-6)
    assert terms["margin"].item() == pytest.approx(1.098612, abs=1e-6)


def test_dpo_counts_from_the_reference(pair):
    """lr_w = (-2) - (-2 - 5 log 3) = 5 log 3; lr_l = (-3) - (-3 + 5 log 3) = -5 log 3; z = log 3 again.

    A reference that is left out, or added, gives another z: 0.1 * (-2 + 3) or 0.1 * (1 - 10 log 3).
    """
    view = pair([-2.0], [-3.0], [-2 - 5 * log(3)], [-3 + 5 * log(3)])
    assert DPO(beta=0.1).loss(view, {}).each.item() == pytest.approx(log(4 / 3), abs=1e-6)


def test_label_smoothing_mixes_in_the_loss_of_the_swapped_pair(pair):
    """-log s(z) = log(4/3), -log s(-z) = log 4; with e = 0.1: 0.9 log(4/3) + 0.1 log 4 = 0.258914 + 0.138629."""
    loss = DPO(beta=0.1, label_smoothing=0.1).loss(pair(CHOSEN, REJECTED), {})
    assert loss.each.item() == pytest.approx(0.397543, abs=1e-6)


@pytest.mark.parametrize("settings", [{"beta": 0.0}, {"beta": float("nan")}, {"label_smoothing": 0.5}])
def test_a_setting_that_makes_no_loss_is_refused_by_name(settings):
    with pytest.raises(ValueError, match=f"DPO.{next(iter(settings))} must be"):
        DPO(**settings)

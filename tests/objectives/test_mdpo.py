"""What mDPO says of pairs worked by hand."""

from dataclasses import replace
from math import exp, log

import pytest
import torch

from seewhy.objectives.dpo import DPO
from seewhy.objectives.mdpo import MDPO

# beta lr_w = 3 log 3 * 0.1 and beta lr_l = -7 log 3 * 0.1, as for DPO: z = log 3.
CHOSEN = [log(3) * 4, -log(3) * 1]
REJECTED = [-log(3) * 7]


@pytest.fixture
def view(pair):
    """With the varied pictures lr(y_w|m') = log 3 - 8 log 3 = -7 log 3, so that the pictures differ by log 3 too."""
    varied = torch.tensor([[log(3) * 1, -log(3) * 8]])
    return replace(pair(CHOSEN, REJECTED), policy_varied=varied, reference_varied=torch.zeros_like(varied))


def test_mdpo_is_the_sum_of_three_terms(view):
    """-log s(log 3) = log(4/3) twice; the anchor is -log s(0.3 log 3) = log(1 + 3^-0.3) = 0.541873."""
    loss = MDPO(beta=0.1).loss(view, {})
    assert loss.terms["dpo"].item() == pytest.approx(log(4 / 3), abs=1e-6)
    assert loss.terms["conditional"].item() == pytest.approx(log(4 / 3), abs=1e-6)
    assert loss.terms["anchor"].item() == pytest.approx(0.541873, abs=1e-6)
    assert loss.each.item() == pytest.approx(2 * log(4 / 3) + log(1 + 3**-0.3), abs=1e-6)
    assert loss.terms["picture_margin"].item() == pytest.approx(log(3), abs=1e-6)


def test_the_conditional_term_counts_from_the_reference_with_the_same_pictures(view):
    """A reference that finds the answer as unlikely with the other picture as the policy does: lr(y_w|m') = 0."""
    told = replace(view, reference_varied=view.policy_varied)
    assert MDPO().loss(told, {}).terms["conditional"].item() == pytest.approx(log(1 + 3**-0.3), abs=1e-6)


def test_weights_and_delta_say_what_each_term_counts(view):
    """With conditional 0.5, anchor 2 and delta 0.3 log 3 the anchor is ln 2: 1.5 log(4/3) + 2 log 2."""
    loss = MDPO(conditional=0.5, anchor=2.0, delta=0.3 * log(3)).loss(view, {})
    assert loss.each.item() == pytest.approx(1.5 * log(4 / 3) + 2 * log(2), abs=1e-6)


def test_without_its_two_terms_it_is_dpo(view):
    assert torch.equal(MDPO(conditional=0.0, anchor=0.0).loss(view, {}).each, DPO().loss(view, {}).each)


def test_gradients_are_those_worked_by_hand(view):
    """d/dw of -log s(x) is -s(-x): of the chosen token -0.1 (1/4 + 1/4 + s(-0.3 log 3)), of the rejected 0.1 / 4,
    of the chosen one with the varied pictures 0.1 / 4.
    """
    leaves = {name: getattr(view, name).clone().requires_grad_()
              for name in ("policy_chosen", "policy_rejected", "policy_varied")}  # fmt: skip
    MDPO().loss(replace(view, **leaves), {}).each.sum().backward()
    fading = 1 / (1 + exp(0.3 * log(3)))
    assert leaves["policy_chosen"].grad.flatten().tolist() == pytest.approx([-0.1 * (0.5 + fading)] * 2, abs=1e-6)
    assert leaves["policy_rejected"].grad.flatten().tolist() == pytest.approx([0.025], abs=1e-6)
    assert leaves["policy_varied"].grad.flatten().tolist() == pytest.approx([0.025] * 2, abs=1e-6)


def test_at_the_reference_it_is_two_ln_2_and_the_anchor(pair):
    expected = MDPO(conditional=0.5, anchor=2.0, delta=1.0).at_reference(pair(CHOSEN, REJECTED))
    assert expected.item() == pytest.approx(1.5 * log(2) + 2 * log(1 + exp(1.0)), abs=1e-6)


def test_pairs_without_varied_pictures_are_refused(pair):
    with pytest.raises(ValueError, match="no varied pictures"):
        MDPO().loss(pair(CHOSEN, REJECTED), {})


@pytest.mark.parametrize("settings", [{"beta": 0.0}, {"conditional": -1.0}, {"anchor": float("inf")},
                                      {"delta": float("nan")}])  # fmt: skip
def test_a_setting_that_makes_no_loss_is_refused_by_name(settings):
    with pytest.raises(ValueError, match=rf"MDPO\.{next(iter(settings))}"):
        MDPO(**settings)

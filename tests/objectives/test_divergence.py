"""Which divergence a penalty descends: exact sums over a vocabulary of four words, no sampling."""

from dataclasses import replace

import pytest
import torch
from drawn_rollouts import batch_of

from seewhy.objectives.api import RolloutView
from seewhy.objectives.parts.divergence import estimate, loss_penalty, reward_penalty

LOGITS = torch.tensor([0.3, -0.7, 1.1, 0.2])
REFERENCE = torch.tensor([-0.4, 0.6, 0.1, 0.9]).log_softmax(0)


def exact(kind: str) -> torch.Tensor:
    """Gradient in the logits of KL(pi, ref), or of KL(ref, pi)."""
    logits = LOGITS.clone().requires_grad_()
    policy = logits.log_softmax(0)
    sides = (policy, REFERENCE) if kind == "forward" else (REFERENCE, policy)
    (gradient,) = torch.autograd.grad((sides[0].exp() * (sides[0] - sides[1])).sum(), logits)
    return gradient


def as_loss(estimator: str) -> torch.Tensor:
    """Mean gradient of the estimate where tokens are drawn from the policy, whose draws carry no gradient."""
    logits = LOGITS.clone().requires_grad_()
    policy = logits.log_softmax(0)
    told = estimate(policy[None], REFERENCE[None], estimator)[0]
    (gradient,) = torch.autograd.grad((policy.exp().detach() * told).sum(), logits)
    return gradient


def test_k1_as_a_loss_has_no_gradient_k2_that_of_pi_to_ref_and_k3_that_of_ref_to_pi():
    torch.testing.assert_close(as_loss("k1"), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(as_loss("k2"), exact("forward"))
    torch.testing.assert_close(as_loss("k3"), exact("backward"))


def test_k1_in_the_reward_has_the_gradient_of_pi_to_ref():
    """REINFORCE: the mean of -r grad log pi with r = -(log pi - log ref)."""
    logits = LOGITS.clone().requires_grad_()
    policy = logits.log_softmax(0)
    old = policy.detach()[:, None]
    taken = reward_penalty(batch_of([0.0] * 4, old=old, reference=REFERENCE[:, None]), 1.0)[:, 0].float()
    (gradient,) = torch.autograd.grad((policy.exp().detach() * taken * policy).sum(), logits)
    torch.testing.assert_close(gradient, exact("forward"))


@pytest.mark.parametrize("estimator", ["k1", "k3"])
def test_k1_and_k3_have_the_divergence_as_their_mean(estimator):
    policy = LOGITS.log_softmax(0)
    told = estimate(policy[None], REFERENCE[None], estimator)[0]
    assert float((policy.exp() * told).sum()) == pytest.approx(float((policy.exp() * (policy - REFERENCE)).sum()))


def test_k3_is_never_below_nought_and_a_thousand_nats_are_a_finite_number():
    gaps = torch.tensor([[-1000.0, -1.0, 0.0, 1.0, 1000.0]])
    told = estimate(gaps, torch.zeros_like(gaps), "k3")
    assert (told >= 0).all()
    assert torch.isfinite(told).all()


def test_a_penalty_without_a_reference_is_refused_in_the_loss_and_in_the_reward():
    batch = batch_of([0.0])
    view = RolloutView(policy=batch.old, old=batch.old, advantages=batch.old, mask=batch.mask, reference=None)
    said = "no log-probabilities of a reference, and kl is above 0"
    with pytest.raises(ValueError, match=said):
        loss_penalty(view, 0.1, "k3")
    with pytest.raises(ValueError, match=said):
        reward_penalty(replace(batch, reference=None), 0.1)

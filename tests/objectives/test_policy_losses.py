"""Clipped surrogates, reductions and the critic's loss, worked by hand."""

from math import exp, log

import pytest
import torch

from seewhy.objectives.api import Reduction, RolloutView
from seewhy.objectives.cispo import CISPO
from seewhy.objectives.dapo import DAPO
from seewhy.objectives.dr_grpo import DrGRPO
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.gspo import GSPO
from seewhy.objectives.parts.reduction import reduce_tokens, row_weights
from seewhy.objectives.parts.values import value_loss
from seewhy.objectives.ppo import PPO
from seewhy.objectives.reinforce_pp import ReinforcePP
from seewhy.objectives.rloo import RLOO

CLIPPED = (GRPO(), DrGRPO(), PPO(kl=0.0), ReinforcePP())


def view_of(ratios: list[float], advantages: list[float], reference: list[float] | None = None) -> RolloutView:
    """One response whose tokens have these ratios; log-probabilities of the old policy are -1."""
    policy = torch.tensor([[log(ratio) - 1.0 for ratio in ratios]], requires_grad=True)
    return RolloutView(
        policy=policy, old=torch.full(policy.shape, -1.0), advantages=torch.tensor([advantages], dtype=torch.float32),
        mask=torch.ones(policy.shape, dtype=torch.bool),
        reference=None if reference is None else torch.tensor([reference]),
    )  # fmt: skip


def each_and_gradient(objective, view):
    told = objective.loss(view, objective.initial())
    (gradient,) = torch.autograd.grad(told.each.sum(), view.policy)
    return told.each[0].tolist(), gradient[0].tolist(), told.terms


@pytest.mark.parametrize("objective", CLIPPED, ids=lambda one: one.name)
def test_the_clip_holds_where_the_step_went_too_far_its_own_way_and_nowhere_else(objective):
    """A = 1: 1.5 is held at 1.2, 0.5 is not; A = -1: 0.5 is held at 0.8, 1.5 is not. d(rho A) / d log pi = rho A."""
    each, gradient, terms = each_and_gradient(objective, view_of([1.5, 0.5, 0.5, 1.5, 1.1], [1, 1, -1, -1, 1]))
    assert each == pytest.approx([-1.2, -0.5, 0.8, 1.5, -1.1])
    assert gradient == pytest.approx([0.0, -0.5, 0.0, 1.5, -1.1])
    assert terms["clipped"][0].tolist() == [1, 0, 1, 0, 0]


def test_dapo_clips_higher_above_than_below():
    """1.25 passes under 1.28; 1.5 is held there; 0.5 with A = -1 at 0.8."""
    each, gradient, _ = each_and_gradient(DAPO(), view_of([1.25, 1.5, 0.5], [1, 1, -1]))
    assert each == pytest.approx([-1.25, -1.28, 0.8])
    assert gradient == pytest.approx([-1.25, 0.0, 0.0])


def test_gspo_has_one_ratio_a_response_the_geometric_mean_of_its_tokens():
    """Ratios 4 and 1/4 have the mean 1; 1.21 and 1 have 1.1, held at 1.0004 where A = 1."""
    wide = GSPO(epsilon_low=0.5, epsilon_high=0.5)
    each, gradient, _ = each_and_gradient(wide, view_of([4.0, 0.25], [2.0, 2.0]))
    assert each == pytest.approx([-2.0, -2.0])
    assert gradient == pytest.approx([-2.0, -2.0])
    each, gradient, _ = each_and_gradient(GSPO(), view_of([1.21, 1.0], [1.0, 1.0]))
    assert each == pytest.approx([-1.0004, -1.0004])
    assert gradient == [0.0, 0.0]


def test_a_response_of_gspo_counts_once_however_long_it_is():
    """Lengths 2 and 200, equal ratios, opposite advantages: 0."""
    mask = torch.arange(200)[None] < torch.tensor([2, 200])[:, None]
    old = torch.where(mask, -1.0, 0.0)
    view = RolloutView(policy=torch.where(mask, -1.0 + 1e-4, 0.0), old=old, mask=mask,
                       advantages=torch.where(mask, torch.tensor([[1.0], [-1.0]]), 0.0))  # fmt: skip
    weights = row_weights(mask.sum(1).float(), GSPO().reduction, 256)
    assert float(reduce_tokens(GSPO().loss(view, {}).each, mask, weights)) == pytest.approx(0.0, abs=1e-6)


def test_cispo_weighs_a_tokens_gradient_by_its_clipped_ratio_and_never_takes_it_away():
    """Ratio 10, ceiling 5, A = 1: the gradient of log pi times -5. Below, the ratio itself; with A = -1 as well."""
    _, gradient, terms = each_and_gradient(CISPO(), view_of([10.0, 0.1, 10.0], [1, 1, -1]))
    assert gradient == pytest.approx([-5.0, -0.1, 5.0])
    assert terms["clipped"][0].tolist() == [1, 0, 1]


def test_rloo_is_plain_reinforce_whatever_the_ratio():
    each, gradient, _ = each_and_gradient(RLOO(), view_of([10.0, 0.5], [2.0, 2.0]))
    assert each == pytest.approx([-2 * (log(10) - 1), -2 * (log(0.5) - 1)])
    assert gradient == pytest.approx([-2.0, -2.0])


def test_the_divergence_in_the_loss_is_k3_of_policy_and_reference():
    """D = -1 - (-2) = 1: k3 = e^-1 - 1 + 1 = 0.367879, k2 = 0.5."""
    for estimator, expected in (("k3", exp(-1)), ("k2", 0.5)):
        view = view_of([1.0], [0.0], [-2.0])
        for objective in (GRPO(kl=0.5, kl_estimator=estimator), DrGRPO(kl=0.5, kl_estimator=estimator),
                          PPO(kl=0.5, kl_in="loss", kl_estimator=estimator)):  # fmt: skip
            assert objective.loss(view, objective.initial()).each.item() == pytest.approx(0.5 * expected, abs=1e-6)


@pytest.mark.parametrize("objective", [GRPO(kl=0.1), DrGRPO(kl=0.1)], ids=lambda one: one.name)
def test_a_penalty_without_a_reference_is_refused(objective):
    with pytest.raises(ValueError, match="reference"):
        objective.loss(view_of([1.0], [1.0]), {})


def test_k1_in_the_loss_and_k3_in_the_reward_are_refused():
    with pytest.raises(ValueError, match=r"GRPO\.kl_estimator"):
        GRPO(kl=0.1, kl_estimator="k1")
    with pytest.raises(ValueError, match=r"PPO\.kl_estimator"):
        PPO(kl=0.1, kl_in="reward", kl_estimator="k3")
    with pytest.raises(ValueError, match=r"PPO\.kl_estimator"):
        PPO(kl=0.1, kl_in="loss")


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [(Reduction.SEQUENCE, 1.5), (Reduction.TOKEN, 201 / 101), (Reduction.CONSTANT, 201 / 512), (Reduction.SUM, 100.5)],
)
def test_one_token_of_loss_1_and_a_hundred_of_loss_2(reduction, expected):
    """Means 1 and 2; 201 / 101 = 1.990; 201 / (2 * 256); (1 + 200) / 2."""
    mask = torch.arange(100)[None] < torch.tensor([1, 100])[:, None]
    each = torch.tensor([[1.0], [2.0]]).expand(2, 100)
    weights = row_weights(mask.sum(1).float(), reduction, 256)
    assert float(reduce_tokens(each, mask, weights)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("reduction", list(Reduction))
def test_a_masked_rollout_is_in_no_denominator_and_all_masked_is_nothing(reduction):
    mask = torch.ones(3, 4, dtype=torch.bool)
    each = torch.rand(3, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    less = row_weights(torch.tensor([4.0, 4.0]), reduction, 8)
    masked = torch.cat([mask[:2], torch.zeros(1, 4, dtype=torch.bool)])
    with_masked = row_weights(torch.tensor([4.0, 4.0, 0.0]), reduction, 8)
    torch.testing.assert_close(reduce_tokens(each, masked, with_masked), reduce_tokens(each[:2], mask[:2], less))
    nothing = reduce_tokens(each, torch.zeros_like(mask), row_weights(torch.zeros(3), reduction, 8))
    (gradient,) = torch.autograd.grad(nothing, each)
    assert nothing.item() == 0.0
    assert not gradient.any()


@pytest.mark.parametrize(
    ("clip", "expected", "held"),
    [(0.0, [0.5, 0.125], [0, 0]), (0.2, [0.5, 0.245], [0, 1]), (9.0, [0.5, 0.125], [0, 0])],
)
def test_the_critics_loss_is_half_the_larger_square(clip, expected, held):
    """V 1, 0.5; old 1, 0.1; returns 0, 1. Clipped by 0.2: 0.3, whose error 0.7 is the larger: 0.49 / 2 = 0.245."""
    values = torch.tensor([[1.0, 0.5]], requires_grad=True)
    each, clipped = value_loss(values, torch.tensor([[1.0, 0.1]]), torch.tensor([[0.0, 1.0]]), clip)
    assert each[0].tolist() == pytest.approx(expected)
    assert clipped[0].tolist() == held
    (gradient,) = torch.autograd.grad(each.sum(), values)
    assert gradient[0].tolist() == pytest.approx([1.0, 0.0 if held[1] else -0.5])

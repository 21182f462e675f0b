"""What holds for every objective: each file of `seewhy/objectives` is found by itself and put to the same questions."""

from dataclasses import fields, replace

import pytest
import torch
from drawn_objectives import (
    LESSON_OBJECTIVES,
    NO_REFERENCE,
    PAIR_OBJECTIVES,
    draw_lessons,
    draw_pairs,
    every_lesson_objective,
    every_pair_objective,
    pair_shapes,
    quickly,
)
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from seewhy.objectives.api import (
    LessonView,
    Loss,
    PairObjective,
    PairView,
)

ONLY_IMITATE = {"nll"}
"""Objectives of pairs in which the rejected response has no say."""


def swap_sides(view: PairView) -> PairView:
    return PairView(
        policy_chosen=view.policy_rejected,
        policy_rejected=view.policy_chosen,
        reference_chosen=view.reference_rejected,
        reference_rejected=view.reference_chosen,
        chosen_mask=view.rejected_mask,
        rejected_mask=view.chosen_mask,
        policy_varied=view.policy_rejected.detach(),
        reference_varied=view.reference_rejected,
    )


def tensors_of(view: PairView) -> dict[str, Tensor]:
    return {field.name: getattr(view, field.name) for field in fields(view)}


def gradients(loss: Loss, *inputs: Tensor) -> tuple[Tensor, ...]:
    """Of the sum over rows, with zeros where an input has no say."""
    return torch.autograd.grad(loss.each.sum(), inputs, allow_unused=True, materialize_grads=True)


def pair_gradients(objective: PairObjective, view: PairView) -> tuple[Tensor, ...]:
    return gradients(objective.loss(view, objective.initial()), view.policy_chosen, view.policy_rejected)


def test_the_objectives_are_found():
    assert {"dpo", "bco", "mpo", "nll"} <= {objective.name for objective in PAIR_OBJECTIVES}
    assert "sft" in {objective.name for objective in LESSON_OBJECTIVES}


@every_pair_objective
@pytest.mark.parametrize("chosen", [-1e4, 1e4])
@pytest.mark.parametrize("rejected", [-1e4, 1e4])
def test_log_ratios_of_ten_thousand_nats_give_finite_losses_and_gradients(objective, chosen, rejected):
    zero = torch.zeros(1, 1)
    view = PairView(
        policy_chosen=torch.full((1, 1), min(chosen, 0.0), requires_grad=True),
        policy_rejected=torch.full((1, 1), min(rejected, 0.0), requires_grad=True),
        reference_chosen=zero - max(chosen, 0.0),
        reference_rejected=zero - max(rejected, 0.0),
        chosen_mask=zero == 0,
        rejected_mask=zero == 0,
        policy_varied=torch.full((1, 1), min(rejected, 0.0)),
        reference_varied=zero - max(rejected, 0.0),
    )
    loss = objective.loss(view, objective.initial())
    if objective.name not in NO_REFERENCE:
        assert loss.terms["reward_chosen"].item() == pytest.approx(0.1 * chosen)
    for tensor in (loss.each, *loss.terms.values(), *gradients(loss, view.policy_chosen, view.policy_rejected)):
        assert torch.isfinite(tensor).all()


@every_pair_objective
def test_the_gradient_is_that_of_finite_differences(objective):
    view = draw_pairs(7, dtype=torch.float64)
    state = {name: value + 0.3 for name, value in objective.initial().items()}

    def each(chosen: Tensor, rejected: Tensor, varied: Tensor) -> Tensor:
        given = {"policy_chosen": chosen, "policy_rejected": rejected, "policy_varied": varied}
        return objective.loss(replace(view, **given), state).each

    assert torch.autograd.gradcheck(each, (view.policy_chosen, view.policy_rejected, view.policy_varied))


@every_pair_objective
@quickly
@pair_shapes
def test_a_masked_token_of_a_pair_has_no_say_and_gets_no_gradient(objective, seed, pairs, chosen, rejected):
    view = draw_pairs(seed, pairs, chosen, rejected)
    littered = replace(
        view,
        policy_chosen=torch.where(view.chosen_mask, view.policy_chosen, -77.0).detach().requires_grad_(),
        policy_rejected=torch.where(view.rejected_mask, view.policy_rejected, -55.0).detach().requires_grad_(),
        reference_chosen=torch.where(view.chosen_mask, view.reference_chosen, -33.0),
        reference_rejected=torch.where(view.rejected_mask, view.reference_rejected, -11.0),
    )
    for clean, dirty, mask in zip(
        pair_gradients(objective, view),
        pair_gradients(objective, littered),
        (view.chosen_mask, view.rejected_mask),
        strict=True,
    ):
        assert torch.equal(clean, dirty)
        assert (dirty[~mask] == 0).all()
    state = objective.initial()
    assert torch.equal(objective.loss(view, state).each, objective.loss(littered, state).each)


@every_pair_objective
@quickly
@pair_shapes
def test_the_order_of_the_pairs_does_not_matter(objective, seed, pairs, chosen, rejected):
    view = draw_pairs(seed, pairs, chosen, rejected)
    order = torch.randperm(pairs, generator=torch.Generator().manual_seed(seed))
    shuffled = PairView(**{name: tensor[order] for name, tensor in tensors_of(view).items()})
    state = objective.initial()
    straight, mixed = objective.loss(view, state), objective.loss(shuffled, state)
    torch.testing.assert_close(mixed.each, straight.each[order])
    for name, term in straight.terms.items():
        torch.testing.assert_close(mixed.terms[name], term[order])


@every_pair_objective
@quickly
@given(seed=st.integers(0, 2**31))
def test_swapping_chosen_and_rejected_turns_the_gradient_round(objective, seed):
    """Within a tenth of a nat of the reference, each chosen token is pushed up and each rejected one down."""
    view = draw_pairs(seed)
    random = torch.Generator().manual_seed(seed)
    view = replace(
        view,
        reference_chosen=view.policy_chosen.detach() - 0.1 * torch.rand(view.policy_chosen.shape, generator=random),
        reference_rejected=view.policy_rejected.detach()
        - 0.1 * torch.rand(view.policy_rejected.shape, generator=random),
    )
    swapped = swap_sides(view)
    ours_chosen, ours_rejected = pair_gradients(objective, view)
    theirs_chosen, theirs_rejected = pair_gradients(objective, swapped)
    assert (ours_chosen[view.chosen_mask] < 0).all()
    assert (theirs_chosen[view.rejected_mask] < 0).all()
    if objective.name in ONLY_IMITATE:
        assert not ours_rejected.any()
        assert not theirs_rejected.any()
    else:
        assert (ours_rejected[view.rejected_mask] > 0).all()
        assert (theirs_rejected[view.chosen_mask] > 0).all()


@every_pair_objective
def test_the_terms_of_a_pair_are_rewards_and_detached(objective):
    terms = objective.loss(draw_pairs(3), objective.initial()).terms
    rewards = {"reward_chosen", "reward_rejected", "margin"}
    assert rewards.isdisjoint(terms) if objective.name in NO_REFERENCE else rewards < set(terms)
    assert not any(term.requires_grad for term in terms.values())


@every_pair_objective
def test_a_loss_leaves_the_state_as_it_is_and_a_step_returns_plain_numbers(objective):
    state = objective.initial()
    before = dict(state)
    objective.loss(draw_pairs(5), state)
    after = objective.advance(state, torch.tensor([0.5, -0.25]))
    assert dict(state) == before
    assert after.keys() == before.keys()
    assert all(type(value) is float for value in after.values())


@every_lesson_objective
def test_impossible_lessons_give_finite_losses_and_gradients(objective):
    view = LessonView(policy=torch.full((1, 2), -1e4, requires_grad=True), mask=torch.ones(1, 2, dtype=torch.bool))
    loss = objective.loss(view)
    assert torch.isfinite(loss.each).all()
    assert torch.isfinite(gradients(loss, view.policy)[0]).all()


@every_lesson_objective
def test_the_gradient_of_lessons_is_that_of_finite_differences(objective):
    view = draw_lessons(7, 3, 4, torch.float64)
    assert torch.autograd.gradcheck(lambda policy: objective.loss(replace(view, policy=policy)).each, (view.policy,))


@every_lesson_objective
@quickly
@given(seed=st.integers(0, 2**31), lessons=st.integers(1, 5), time=st.integers(1, 6))
def test_a_masked_token_of_a_lesson_has_no_say_and_each_other_is_pushed_up(objective, seed, lessons, time):
    view = draw_lessons(seed, lessons, time)
    littered = replace(view, policy=torch.where(view.mask, view.policy, -77.0).detach().requires_grad_())
    loss = objective.loss(littered)
    (gradient,) = gradients(loss, littered.policy)
    assert torch.equal(loss.each, objective.loss(view).each)
    assert (gradient[~view.mask] == 0).all()
    assert (gradient[view.mask] < 0).all()


@every_lesson_objective
@quickly
@given(seed=st.integers(0, 2**31), lessons=st.integers(1, 5), time=st.integers(1, 6))
def test_the_order_of_the_lessons_does_not_matter(objective, seed, lessons, time):
    view = draw_lessons(seed, lessons, time)
    order = torch.randperm(lessons, generator=torch.Generator().manual_seed(seed))
    shuffled = LessonView(policy=view.policy[order], mask=view.mask[order])
    torch.testing.assert_close(objective.loss(shuffled).each, objective.loss(view).each[order])

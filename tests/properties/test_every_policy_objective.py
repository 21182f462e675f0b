"""What holds for every policy objective: each file is found by itself and put to the same questions."""

from dataclasses import replace

import pytest
import torch
from drawn_objectives import quickly
from drawn_rollouts import (
    POLICY_OBJECTIVES,
    TOGETHER,
    WRONG,
    changed,
    draw_batch,
    draw_rollouts,
    every_policy_objective,
    every_policy_setting,
    with_penalty,
)
from hypothesis import given
from hypothesis import strategies as st

from seewhy.objectives.api import PolicyObjective, RolloutView, reference_views
from seewhy.objectives.parts.reduction import reduce_tokens, row_weights

LIMIT = 9


def reduced(objective: PolicyObjective, view: RolloutView, counts: torch.Tensor | None = None) -> torch.Tensor:
    weights = row_weights(view.mask.sum(1).float() if counts is None else counts, objective.reduction, LIMIT)
    return reduce_tokens(objective.loss(view, objective.initial()).each, view.mask, weights[: len(view.mask)])


def test_all_that_the_papers_name_are_there():
    assert {"grpo", "dr_grpo", "dapo", "gspo", "rloo", "reinforce_pp", "cispo", "ppo"} == {
        one.name for one in POLICY_OBJECTIVES
    }


@every_policy_objective
def test_it_is_one_of_the_protocol_and_reads_a_reference_where_it_has_a_penalty(objective):
    assert isinstance(objective, PolicyObjective)
    penalised = with_penalty(objective)
    assert bool(reference_views(penalised)) == (penalised != objective or objective.name == "ppo")


@every_policy_objective
def test_the_gradient_is_that_of_finite_differences(objective):
    objective, view = with_penalty(objective), draw_rollouts(7, dtype=torch.float64)
    if objective.name == "cispo":
        # Its loss is a value whose gradient is another function's: the ratio is held.
        return
    assert torch.autograd.gradcheck(lambda policy: reduced(objective, replace(view, policy=policy)), (view.policy,))


def test_the_gradient_of_cispo_is_that_of_its_weighted_log_probability():
    (objective,) = (one for one in POLICY_OBJECTIVES if one.name == "cispo")
    view = draw_rollouts(7)
    (gradient,) = torch.autograd.grad(objective.loss(view, {}).each.sum(), view.policy)
    weight = (view.policy - view.old).exp().clamp(max=objective.max_ratio).detach() * view.advantages
    torch.testing.assert_close(gradient, torch.where(view.mask, -weight, 0.0))


@every_policy_objective
@quickly
@given(seed=st.integers(0, 2**31), rows=st.integers(1, 6), time=st.integers(1, 6))
def test_what_stands_off_the_mask_has_no_say_and_gets_no_gradient(objective, seed, rows, time):
    view = draw_rollouts(seed, rows, time)

    def littered(values: torch.Tensor, litter: float) -> torch.Tensor:
        return torch.where(view.mask, values.detach(), litter)

    other = replace(view, policy=littered(view.policy, -77.0).requires_grad_(), old=littered(view.old, 3.0),
                    reference=littered(view.reference, -1e4))  # fmt: skip
    objective = with_penalty(objective)
    loss = reduced(objective, other)
    (gradient,) = torch.autograd.grad(loss, other.policy)
    torch.testing.assert_close(loss, reduced(objective, view))
    assert not gradient[~view.mask].any()
    assert torch.isfinite(gradient).all()


@every_policy_objective
@pytest.mark.parametrize("cuts", [(1, 2, 3), (2,), (3,), ()], ids=str)
def test_passes_of_any_size_add_up_to_the_same_gradient(objective, cuts):
    """The denominator is the step's, so the rate does not change with the number of passes, equal or not."""
    objective, view = with_penalty(objective), draw_rollouts(11, rows=5)
    counts = view.mask.sum(1).float()
    weights = row_weights(counts, objective.reduction, LIMIT)
    total = torch.zeros_like(view.policy)
    for start, stop in zip((0, *cuts), (*cuts, 5), strict=True):
        rows = slice(start, stop)
        part = RolloutView(policy=view.policy[rows], old=view.old[rows], advantages=view.advantages[rows],
                           mask=view.mask[rows], reference=view.reference[rows])  # fmt: skip
        each = objective.loss(part, objective.initial()).each
        total += torch.autograd.grad(reduce_tokens(each, part.mask, weights[rows]), view.policy)[0]
    (whole,) = torch.autograd.grad(reduced(objective, view), view.policy)
    torch.testing.assert_close(total, whole)


@every_policy_objective
def test_before_the_first_step_each_ratio_is_one_and_a_good_token_is_pushed_up(objective):
    view = draw_rollouts(5)
    signs = torch.tensor([[1.0], [-2.0], [0.5], [-0.1]])
    view = replace(view, old=view.policy.detach(), advantages=torch.where(view.mask, signs, 0.0))
    told = objective.loss(view, objective.initial())
    assert (told.terms["ratio"][view.mask] == 1).all()
    assert not told.terms["kl_old"].any()
    assert not told.terms["clipped"].any()
    assert not any(term.requires_grad for term in told.terms.values())
    (gradient,) = torch.autograd.grad(told.each.sum(), view.policy)
    assert (gradient[view.mask].sign() == -view.advantages[view.mask].sign()).all()


@every_policy_objective
def test_a_thousand_nats_between_the_policies_give_finite_losses(objective):
    view = draw_rollouts(5)
    for far in (-1e3, 1e3):
        other = replace(view, policy=torch.where(view.mask, view.old + far, 0.0).requires_grad_())
        loss = reduced(with_penalty(objective), other)
        assert torch.isfinite(loss)
        assert torch.isfinite(torch.autograd.grad(loss, other.policy)[0]).all()


@every_policy_setting
def test_every_setting_changes_the_loss_or_the_advantages_or_what_is_remembered(objective, setting):
    view, batch = draw_rollouts(13, rows=8, time=8), draw_batch(13)
    base = objective
    if setting in TOGETHER and setting != "kl_target":
        others = {"kl_estimator": ("kl",), "kl_in": ("kl",), "kl_horizon": ("kl_target",)}[setting]
        wanted = {name: TOGETHER[setting][name] for name in others}
        if setting == "kl_estimator" and objective.name == "ppo":
            wanted["kl_in"], wanted["kl_estimator"] = "loss", "k3"
            other = replace(objective, **{**wanted, "kl_estimator": "k2"})
            assert other != replace(objective, **wanted)
            assert seen(replace(objective, **wanted), view, batch) != seen(other, view, batch)
            return
        base = replace(objective, **wanted)
    assert seen(base, view, batch) != seen(changed(objective, setting), view, batch)


def seen(objective, view, batch) -> tuple[object, ...]:
    state = objective.initial()
    found = objective.advantages(batch, state)
    after = objective.advance(state, 0.7, 50)
    return reduced(objective, view).item(), found.tokens.tolist(), str(found.returns), dict(after)


@every_policy_setting
def test_a_bad_setting_is_refused_by_its_name(objective, setting):
    for value in WRONG.get(setting, ()):
        with pytest.raises(ValueError, match=rf"{type(objective).__name__}\.{setting} .*not .*{value}"):
            replace(objective, **{setting: value})

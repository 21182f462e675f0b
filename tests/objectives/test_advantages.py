"""Advantages and returns, worked by hand."""

from math import sqrt

import pytest
import torch
from drawn_rollouts import batch_of, draw_batch

from seewhy.objectives.cispo import CISPO
from seewhy.objectives.dapo import DAPO
from seewhy.objectives.dr_grpo import DrGRPO
from seewhy.objectives.grpo import GRPO
from seewhy.objectives.gspo import GSPO
from seewhy.objectives.parts.returns import rewards_to_go, whitened
from seewhy.objectives.ppo import PPO
from seewhy.objectives.reinforce_pp import ReinforcePP
from seewhy.objectives.rloo import RLOO

EIGHT = [1.0] * 3 + [0.0] * 5
"""Three right and five wrong: mean 3/8, sum of squares 8 * 3/8 * 5/8 = 15/8."""
GROUPED = (GRPO(), DrGRPO(), DAPO(), GSPO(), CISPO(), RLOO())
NAN = float("nan")


def of(objective, batch):
    return objective.advantages(batch, objective.initial()).tokens


@pytest.mark.parametrize(
    ("objective", "right", "wrong"),
    [
        (GRPO(), 1.2076, -0.7246),
        (GRPO(population_std=True), 1.2910, -0.7746),
        (DAPO(), 1.2076, -0.7246),
        (GSPO(), 1.2076, -0.7246),
        (CISPO(), 1.2076, -0.7246),
        (DrGRPO(), 0.6250, -0.3750),
        (RLOO(), 0.7143, -0.4286),
    ],
    ids=repr,
)
def test_a_group_of_eight_with_three_right_has_the_advantages_of_its_method(objective, right, wrong):
    """R - mean = 5/8, -3/8; std sqrt(15/8/7) = 0.51755 or sqrt(15/64) = 0.48412; RLOO (r - mean) 8/7."""
    assert of(objective, batch_of(EIGHT)).flatten().tolist() == pytest.approx([right] * 3 + [wrong] * 5, abs=5e-5)


def test_reinforce_plus_plus_whitens_over_the_tokens_of_the_round_so_a_long_response_weighs_more():
    """Lengths 1 and 3, rewards 1 and 0: tokens 1, 0, 0, 0; mean 1/4, std sqrt((9/16 + 3/16) / 3) = 1/2: 1.5, -0.5."""
    tokens = of(ReinforcePP(), batch_of([1.0, 0.0], [1, 3]))
    assert tokens.tolist() == [[1.5, 0.0, 0.0], [-0.5, -0.5, -0.5]]


def test_no_advantage_exceeds_what_one_right_rollout_of_k_has():
    """One of eight: (1 - 1/8) / sqrt((7/64 + 49/64) / 7) = 7 / sqrt(8) = 2.4749."""
    assert float(of(GRPO(), batch_of([1.0] + [0.0] * 7)).max()) == pytest.approx(7 / sqrt(8), abs=1e-6)
    assert float(of(GRPO(), batch_of([1e-3] + [0.0] * 7)).max()) == pytest.approx(7 / sqrt(8), abs=1e-6)


@pytest.mark.parametrize("objective", GROUPED, ids=lambda one: one.name)
@pytest.mark.parametrize("reward", [0.1, 0.35, 1 / 3, -7.1, 0.0])
def test_equal_rewards_are_no_signal_at_all(objective, reward):
    assert not of(objective, batch_of([reward] * 8)).any()
    assert not of(objective, batch_of([reward] * 7 + [reward * (1 + 1e-9)])).any()


@pytest.mark.parametrize("objective", [*GROUPED, ReinforcePP()], ids=lambda one: one.name)
def test_a_rollout_without_a_reward_is_outside_of_mean_std_and_count(objective):
    told = of(objective, batch_of([1.0, NAN, 0.0, 1.0]))
    without = of(objective, batch_of([1.0, 0.0, 1.0])).flatten().tolist()
    assert told.flatten().tolist() == pytest.approx([without[0], 0.0, without[1], without[2]])
    assert not of(objective, batch_of([NAN, 1.0, NAN])).any()


@pytest.mark.parametrize("objective", GROUPED, ids=lambda one: one.name)
def test_groups_of_any_size_and_order_are_told_apart_by_their_question(objective):
    rewards = {0: [1.0, 0.0, 0.0, 1.0], 1: [0.0, 2.0, 5.0], 2: [3.0, 3.0, 0.0, 1.0]}
    alone = {group: of(objective, batch_of(row)).flatten().tolist() for group, row in rewards.items()}
    members = [(group, place) for group, row in rewards.items() for place in range(len(row))]
    shuffled = [members[n] for n in torch.randperm(11, generator=torch.Generator().manual_seed(0)).tolist()]
    batch = batch_of([rewards[g][n] for g, n in shuffled], groups=torch.tensor([g for g, _ in shuffled]))
    assert of(objective, batch).flatten().tolist() == pytest.approx([alone[g][n] for g, n in shuffled])


def test_rewards_of_sentences_count_together_where_a_method_knows_whole_responses_alone():
    batch = batch_of([0.0, 0.0], [3, 2])
    batch.rewards[0] = torch.tensor([0.5, 0.0, 0.5])
    assert of(DrGRPO(), batch).tolist() == [[0.5, 0.5, 0.5], [-0.5, -0.5, 0.0]]


def test_the_penalty_of_rloo_is_taken_from_what_a_response_earned():
    """k1 of the two tokens: -1 + 2 = 1 each, of the other response 0; 0.1 * 2 = 0.2 less: 0.8 against 0."""
    reference = torch.tensor([[-2.0, -2.0], [-1.0, 0.0]])
    tokens = of(RLOO(kl=0.1), batch_of([1.0, 0.0], [2, 1], reference=reference))
    assert tokens[0].tolist() == pytest.approx([0.8, 0.8])
    assert tokens[1].tolist() == pytest.approx([-0.8, 0.0])


def values_of(*values: float) -> torch.Tensor:
    return torch.tensor([values])


@pytest.mark.parametrize(
    ("reward", "after", "advantages", "returns"),
    [
        (1.0, 0.0, [0.46575, 0.385, 0.3], [0.96575, 0.985, 1.0]),
        (0.0, 0.8, [0.28525, 0.195, 0.1], [0.78525, 0.795, 0.8]),
        (0.0, 0.0, [-0.43675, -0.565, -0.7], [0.06325, 0.035, 0.0]),
    ],
    ids=["ended", "cut and bootstrapped", "cut and not bootstrapped"],
)
def test_gae_is_as_worked_by_hand(reward, after, advantages, returns):
    """Gamma 1, lambda 0.95, values 0.5 0.6 0.7; ended: 0.3, 0.1 + 0.95 * 0.3 = 0.385, 0.1 + 0.95 * 0.385 = 0.46575."""
    batch = batch_of([reward], [3], values=values_of(0.5, 0.6, 0.7), after=torch.tensor([after]))
    found = PPO(kl=0.0, whiten=False).advantages(batch, {})
    assert found.tokens[0].tolist() == pytest.approx(advantages, abs=1e-6)
    assert found.returns is not None
    assert found.returns[0].tolist() == pytest.approx(returns, abs=1e-6)


def test_padding_between_and_behind_tokens_changes_no_advantage():
    straight = batch_of([1.0], [3], values=values_of(0.5, 0.6, 0.7), after=torch.tensor([0.0]))
    gaps = batch_of([1.0], [5], values=values_of(0.5, 9.0, 0.6, 0.7, 9.0), after=torch.tensor([0.0]))
    gaps.mask[0, 1] = gaps.mask[0, 4] = False
    gaps.rewards[0] = torch.tensor([0.0, 9.0, 0.0, 1.0, 9.0])
    ppo = PPO(kl=0.0, whiten=False)
    expected, found = ppo.advantages(straight, {}).tokens[0], ppo.advantages(gaps, {}).tokens[0]
    assert found[[0, 2, 3]].tolist() == pytest.approx(expected.tolist())
    assert not found[[1, 4]].any()


def test_lambda_one_sums_what_follows_and_lambda_nought_looks_one_token_ahead():
    batch = batch_of([1.0], [3], values=values_of(0.5, 0.6, 0.7), after=torch.tensor([0.0]))
    far, near = (PPO(kl=0.0, whiten=False, lam=lam).advantages(batch, {}).tokens[0].tolist() for lam in (1.0, 0.0))
    assert far == pytest.approx([0.5, 0.4, 0.3])
    assert near == pytest.approx([0.1, 0.1, 0.3])


def test_the_penalty_of_ppo_is_taken_from_each_tokens_reward_and_masked_by_the_token_itself():
    """k1 = -1 - (-3) = 2 at the second of three tokens alone: rewards 0, -0.2, 1; values and lambda 0 show them."""
    batch = batch_of([1.0], [3], values=values_of(0.0, 0.0, 0.0), after=torch.tensor([0.0]),
                     reference=torch.tensor([[-1.0, -3.0, -1.0]]))  # fmt: skip
    assert PPO(kl=0.1, whiten=False, lam=0.0).advantages(batch, {}).tokens[0].tolist() == pytest.approx([0, -0.2, 1])


def test_the_weight_of_the_penalty_follows_the_divergence_by_at_most_a_fifth_of_the_horizons_share():
    """Target 2, measured 6: error 2 held at 0.2; 64 of 640 rollouts: 0.1 (1 + 0.2 / 10) = 0.102. At 1.8: -0.1 / 10."""
    ppo = PPO(kl=0.1, kl_target=2.0, kl_horizon=640)
    assert ppo.advance(ppo.initial(), 6.0, 64)["kl_coefficient"] == pytest.approx(0.102)
    assert ppo.advance(ppo.initial(), 1.8, 64)["kl_coefficient"] == pytest.approx(0.099)
    batch = batch_of([1.0], [1], values=values_of(0.0), after=torch.tensor([0.0]), reference=torch.tensor([[-3.0]]))
    told = PPO(kl=0.1, kl_target=2.0, whiten=False).advantages(batch, {"kl_coefficient": 0.4}).tokens
    assert told.item() == pytest.approx(1 - 0.4 * 2)


def test_whitening_sees_real_tokens_of_scored_rollouts_alone():
    """Tokens 1, 3 count (mean 2, std sqrt 2); the 99 behind the mask and the 7 without a reward do not."""
    values = torch.tensor([[1.0, 3.0, 99.0], [7.0, 99.0, 99.0]], dtype=torch.float64)
    mask = torch.tensor([[True, True, False], [True, False, False]])
    found = whitened(values, mask, torch.tensor([True, False]))
    assert found.tolist() == [pytest.approx([-1 / sqrt(2), 1 / sqrt(2), 0.0]), [0.0, 0.0, 0.0]]
    assert not whitened(torch.full((1, 3), 0.35, dtype=torch.float64), mask[:1], torch.tensor([True])).any()


def test_whitening_a_round_does_not_depend_on_how_it_is_cut():
    batch = draw_batch(3)
    whole = whitened(batch.rewards, batch.mask, batch.scored)
    assert float(whole[batch.mask].mean()) == pytest.approx(0.0, abs=1e-6)
    assert float(whole[batch.mask].std()) == pytest.approx(1.0, abs=1e-6)


def test_what_follows_is_discounted_a_token_and_not_a_place():
    mask = torch.tensor([[True, False, True, True]])
    rewards = torch.tensor([[1.0, 9.0, 2.0, 4.0]], dtype=torch.float64)
    assert rewards_to_go(rewards, mask, 0.5).tolist() == [[1 + 0.5 * 4, 0.0, 4.0, 4.0]]


def test_gae_without_a_critic_is_refused():
    with pytest.raises(ValueError, match="values of a critic"):
        PPO(kl=0.0).advantages(batch_of([1.0]), {})

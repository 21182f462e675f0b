"""Defects planted in advantages, ratios, clips, reductions, penalties and the critic's loss."""

from mutant_rows import Mutant

PARTS = "seewhy/objectives/parts"
ADVANTAGES = "tests/objectives/test_advantages.py"
LOSSES = "tests/objectives/test_policy_losses.py"
EVERY_POLICY = "tests/properties/test_every_policy_objective.py"
BY_HAND = f"{ADVANTAGES}::test_gae_is_as_worked_by_hand"
OF_EIGHT = f"{ADVANTAGES}::test_a_group_of_eight_with_three_right_has_the_advantages_of_its_method"


def planted(name: str, file: str, source: str, defect: str, seen_by: str) -> Mutant:
    return Mutant(name=name, file=f"{PARTS}/{file}", source=source, defect=defect, seen_by=seen_by)


POLICY_MUTANTS = [
    planted("std: over k for the sample's", "groups.py", "centred(rewards) / rewards.std()\n",
            "centred(rewards) / rewards.std(correction=0)\n", OF_EIGHT),
    planted("std: something added to it", "groups.py", "centred(rewards) / rewards.std()\n",
            "centred(rewards) / (rewards.std() + 1e-4)\n",
            f"{ADVANTAGES}::test_no_advantage_exceeds_what_one_right_rollout_of_k_has"),
    planted("std: no floor", "groups.py", "<= SPREAD_FLOOR * float(rewards.abs().max())", "< 0",
            f"{ADVANTAGES}::test_equal_rewards_are_no_signal_at_all"),
    planted("rloo: its own reward in the baseline", "groups.py",
            "centred(rewards) * len(rewards) / (len(rewards) - 1)", "centred(rewards)", OF_EIGHT),
    planted("groups: all questions share a baseline", "groups.py", "members = scored & (groups == group)",
            "members = scored",
            f"{ADVANTAGES}::test_groups_of_any_size_and_order_are_told_apart_by_their_question"),
    planted("no reward taken for 0", "groups.py", "members = scored & (groups == group)", "members = groups == group",
            f"{ADVANTAGES}::test_a_rollout_without_a_reward_is_outside_of_mean_std_and_count"),
    planted("gae: the next value is not discounted by what it is", "returns.py",
            "rewards[:, time] + gamma * following - values[:, time]", "rewards[:, time] - values[:, time]", BY_HAND),
    planted("gae: lambda left out", "returns.py", "delta + gamma * lam * running", "delta + gamma * running", BY_HAND),
    planted("gae: a cut response taken for ended", "returns.py",
            "batch.values.double(), batch.after.double()", "batch.values.double(), 0 * batch.after.double()", BY_HAND),
    planted("gae: padding leaks into what follows", "returns.py",
            "following = torch.where(here, values[:, time], following)", "following = values[:, time]",
            f"{ADVANTAGES}::test_padding_between_and_behind_tokens_changes_no_advantage"),
    planted("whitening: padding counted", "returns.py", "chosen = values[counted]", "chosen = values.flatten()",
            f"{ADVANTAGES}::test_whitening_sees_real_tokens_of_scored_rollouts_alone"),
    planted("clip: the larger of the two", "ratios.py", "-torch.minimum(plain, clipped)",
            "-torch.maximum(plain, clipped)",
            f"{LOSSES}::test_the_clip_holds_where_the_step_went_too_far_its_own_way_and_nowhere_else"),
    planted("clip: as high as low", "ratios.py", "ratio.clamp(1 - low, 1 + high)", "ratio.clamp(1 - low, 1 + low)",
            f"{LOSSES}::test_dapo_clips_higher_above_than_below"),
    planted("gspo: sums for means", "ratios.py", "log_ratios_of(view).sum(dim=1) / count_tokens(view.mask)",
            "log_ratios_of(view).sum(dim=1)",
            f"{LOSSES}::test_gspo_has_one_ratio_a_response_the_geometric_mean_of_its_tokens"),
    planted("ratios: never held within numbers", "ratios.py", ".clamp(-LARGEST, LARGEST)", "",
            f"{EVERY_POLICY}::test_a_thousand_nats_between_the_policies_give_finite_losses"),
    planted("penalty: k3 of the other direction", "divergence.py", "return torch.expm1(-gap) + gap",
            "return torch.expm1(gap) - gap", "tests/objectives/test_divergence.py"),
    planted("penalty: added to the reward", "divergence.py", "gap = batch.old.double() - batch.reference.double()",
            "gap = batch.reference.double() - batch.old.double()",
            "tests/objectives/test_divergence.py::test_k1_in_the_reward_has_the_gradient_of_pi_to_ref"),
    planted("penalty: the weight never adapts", "divergence.py", "(1.0 + error * rollouts / horizon)", "1.0",
            f"{ADVANTAGES}::test_the_weight_of_the_penalty_follows_the_divergence_by_at_most_a_fifth_of_the_horizons_share"),
    planted("reduction: a mean of means for a mean", "reduction.py", "torch.ones_like(counts) / tokens",
            "1.0 / (rows * counts.clamp(min=1))", f"{LOSSES}::test_one_token_of_loss_1_and_a_hundred_of_loss_2"),
    planted("reduction: masked above and not below", "reduction.py", "trained.sum().clamp(min=1)",
            "torch.tensor(len(counts))",
            f"{LOSSES}::test_a_masked_rollout_is_in_no_denominator_and_all_masked_is_nothing"),
    planted("reduction: padding has a say", "reduction.py", "(torch.where(mask, each, 0.0).sum(dim=1) * weights)",
            "(each.sum(dim=1) * weights)",
            f"{LOSSES}::test_one_token_of_loss_1_and_a_hundred_of_loss_2"),
    planted("critic: the smaller square", "values.py", "torch.maximum(plain, near) / 2",
            "torch.minimum(plain, near) / 2", f"{LOSSES}::test_the_critics_loss_is_half_the_larger_square"),
    Mutant(
        name="cispo: the weight carries a gradient",
        file="seewhy/objectives/cispo.py",
        source="ratio = torch.exp(log_ratios_of(view).detach())",
        defect="ratio = torch.exp(log_ratios_of(view))",
        seen_by=f"{LOSSES}::test_cispo_weighs_a_tokens_gradient_by_its_clipped_ratio_and_never_takes_it_away",
    ),
    Mutant(
        name="ppo: returns of whitened advantages",
        file="seewhy/objectives/ppo.py",
        source="unscored_out(better, batch.scored)",
        defect="0 * unscored_out(better, batch.scored)",
        seen_by=BY_HAND,
    ),
]  # fmt: skip

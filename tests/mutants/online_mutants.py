"""Defects planted in rollouts, credit, updates and the critic of online training."""

from mutant_rows import Mutant

ONLINE = "seewhy/training/online"
RUNS = "tests/training/test_online.py"
PARTS_OF = "tests/training/test_online_parts.py"
PAIRED = "tests/training/test_online_pairs.py"
REWARDS_OF = "tests/rewards/test_rewards.py"


def planted(name: str, file: str, source: str, defect: str, seen_by: str) -> Mutant:
    return Mutant(name=name, file=file, source=source, defect=defect, seen_by=seen_by)


ONLINE_MUTANTS = [
    planted("sampler: its log-probabilities at temperature 1", "seewhy/model/generation/decode.py",
            "logits = allowed / rules.decoding.temperature", "logits = allowed",
            f"{RUNS}::test_sampler_and_trainer_agree_at_any_temperature_with_what_may_not_be_drawn_left_out"),
    planted("trainer: what may not be drawn has a probability", "seewhy/model/families/hub.py",
            "return scoring_as_drawn(temperature, self.banned())", "return scoring_as_drawn(temperature, ())",
            f"{RUNS}::test_sampler_and_trainer_agree_at_any_temperature_with_what_may_not_be_drawn_left_out"),
    planted("rounds: a round without signal takes an update", f"{ONLINE}/update.py",
            "    if not chosen:\n        return False\n", "",
            f"{RUNS}::test_a_round_without_signal_moves_no_weight_and_no_moment"),
    planted("dynamic sampling: without an end", f"{ONLINE}/draw.py", "draws <= plan.redraw and", "draws < 0 and",
            f"{RUNS}::test_dynamic_sampling_ends_where_nothing_can_be_solved_and_says_why"),
    planted("rollouts: the same every round", f"{ONLINE}/draw.py", 'f"online/{seed}/{number}/{draw}"',
            'f"online/{seed}/{draw}"',
            f"{RUNS}::test_every_question_is_asked_once_an_epoch_and_a_rollout_does_not_depend_on_its_round_mates"),
    planted("importance weights: not truncated", f"{ONLINE}/prepare.py", ".clamp(max=ceiling or None)", "",
            f"{PARTS_OF}::test_missing_log_probabilities_of_the_sampler_weigh_one_and_others_are_held_at_a_ceiling"),
    planted("critic: a rollout that ended is worth something after its end", f"{ONLINE}/prepare.py",
            "torch.where(is_cut, last, 0.0) if learner.plan.bootstrap_cut", "last if learner.plan.bootstrap_cut",
            f"{PARTS_OF}::test_a_cut_rollout_ends_with_nought_or_with_the_critics_value_as_asked"),
    planted("critic: the value after a cut is that before its last token", f"{ONLINE}/prepare.py",
            "torch.stack([row[-1] for row in rows])", "torch.stack([row[-2] for row in rows])",
            f"{PARTS_OF}::test_a_cut_rollout_ends_with_nought_or_with_the_critics_value_as_asked"),
    planted("checkpoint: the critic is left out", f"{ONLINE}/fit.py", 'saved["critic"] = critic',
            'saved["policy"] = model.net',
            f"{PARTS_OF}::test_the_critic_learns_is_in_the_checkpoint_and_its_frozen_parts_stay"),
    planted("online pairs: the worst is chosen", f"{ONLINE}/pairs.py", "append((-total, number))",
            "append((total, number))", f"{PAIRED}::test_the_best_of_a_question_is_paired_with_its_worst"),
    planted("online pairs: a reference of the round for one of the start", f"{ONLINE}/pairs.py",
            "online.plan.reference == ROUND or reference is None", "True",
            f"{PAIRED}::test_an_update_has_the_loss_and_the_gradient_of_dpo_on_rollouts_scored_one_by_one"),
    planted("online pairs: a sum over pairs for their mean", f"{ONLINE}/pairs.py", "found.each.sum() / len(batch)",
            "found.each.sum()",
            f"{PAIRED}::test_an_update_has_the_loss_and_the_gradient_of_dpo_on_rollouts_scored_one_by_one"),
    planted("sentences: the reward on the token behind", "seewhy/rewards/parts/scoring.py", "if seen >= wanted:",
            "if seen > wanted:", f"{REWARDS_OF}::test_a_sentence_ends_in_the_token_that_holds_its_last_character"),
]  # fmt: skip

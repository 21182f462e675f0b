"""Defects planted in the losses: one row a defect, and the test that must see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A defect: `source`, which occurs once in `file`, becomes `defect`, and `seen_by` must fail."""

    name: str
    file: str
    source: str
    defect: str
    seen_by: str
    """A pytest node, as `tests/objectives/test_dpo.py::test_name`."""
    or_by: str = ""
    """Another one: one of the two must fail."""

    @property
    def nodes(self) -> list[str]:
        """Both, or the one."""
        return [self.seen_by, *([self.or_by] if self.or_by else [])]


TERMS = "seewhy/objectives/parts/terms.py"
DPO_VALUE = "tests/objectives/test_dpo.py::test_dpo_is_the_negative_log_chance_that_the_chosen_wins"
EVERY = "tests/properties/test_every_objective.py"
SETTINGS = "tests/properties/test_settings_of_every_objective.py"

MUTANTS = [
    Mutant(
        name="dpo: sign flipped",
        file=TERMS,
        source="return -logsigmoid(beta * (ratios.chosen - ratios.rejected))",
        defect="return -logsigmoid(-beta * (ratios.chosen - ratios.rejected))",
        seen_by=DPO_VALUE,
    ),
    Mutant(
        name="dpo: beta dropped",
        file=TERMS,
        source="return -logsigmoid(beta * (ratios.chosen - ratios.rejected))",
        defect="return -logsigmoid(ratios.chosen - ratios.rejected)",
        seen_by=DPO_VALUE,
    ),
    Mutant(
        name="dpo: label smoothing on the wrong side",
        file="seewhy/objectives/dpo.py",
        source="each = (1 - self.label_smoothing) * preference(ratios, self.beta)",
        defect="each = (1 - self.label_smoothing) * preference(flipped, self.beta)",
        seen_by="tests/objectives/test_dpo.py::test_label_smoothing_mixes_in_the_loss_of_the_swapped_pair",
    ),
    Mutant(
        name="reference left out",
        file=TERMS,
        source="sum_tokens(view.policy_rejected - view.reference_rejected, view.rejected_mask)",
        defect="sum_tokens(view.policy_rejected, view.rejected_mask)",
        seen_by="tests/objectives/test_dpo.py::test_dpo_counts_from_the_reference",
    ),
    Mutant(
        name="reference left out, seen by every objective",
        file=TERMS,
        source="sum_tokens(view.policy_chosen - view.reference_chosen, view.chosen_mask)",
        defect="sum_tokens(view.policy_chosen, view.chosen_mask)",
        seen_by=f"{SETTINGS}::test_at_the_reference_the_loss_is_what_the_objective_says",
    ),
    Mutant(
        name="chosen and rejected swapped",
        file=TERMS,
        source="return LogRatios(",
        defect="return (lambda *, chosen, rejected: LogRatios(chosen=rejected, rejected=chosen))(",
        seen_by=f"{EVERY}::test_swapping_chosen_and_rejected_turns_the_gradient_round",
    ),
    Mutant(
        name="mask dropped: padding of pairs gets a gradient",
        file=TERMS,
        source="return torch.where(mask, logps, 0.0).sum(dim=-1)",
        defect="return logps.sum(dim=-1)",
        seen_by=f"{EVERY}::test_a_masked_token_of_a_pair_has_no_say_and_gets_no_gradient",
    ),
    Mutant(
        name="mask dropped: padding of lessons gets a gradient",
        file=TERMS,
        source="return torch.where(mask, logps, 0.0).sum(dim=-1)",
        defect="return logps.sum(dim=-1)",
        seen_by=f"{EVERY}::test_a_masked_token_of_a_lesson_has_no_say_and_each_other_is_pushed_up",
    ),
    Mutant(
        name="nll: not divided by the length",
        file=TERMS,
        source="return -sum_tokens(logps, mask) / count_tokens(mask)",
        defect="return -sum_tokens(logps, mask)",
        seen_by="tests/objectives/test_nll.py",
    ),
    Mutant(
        name="nll: divided by the padded length",
        file=TERMS,
        source="return mask.sum(dim=-1).clamp(min=1).float()",
        defect="return torch.full_like(mask.sum(dim=-1), mask.shape[-1]).float()",
        seen_by="tests/objectives/test_sft.py::test_a_lesson_costs_the_mean_of_its_own_tokens",
    ),
    Mutant(
        name="bco: sign of delta flipped on the chosen side",
        file=TERMS,
        source="-logsigmoid(beta * ratios.chosen - delta)",
        defect="-logsigmoid(beta * ratios.chosen + delta)",
        seen_by="tests/objectives/test_bco.py::test_bco_measures_both_sides_from_delta",
    ),
    Mutant(
        name="bco: delta dropped on the rejected side",
        file=TERMS,
        source="logsigmoid(delta - beta * ratios.rejected)",
        defect="logsigmoid(-beta * ratios.rejected)",
        seen_by="tests/objectives/test_mpo.py::test_mpo_measures_quality_from_delta",
    ),
    Mutant(
        name="bco: mean of the steps' means",
        file="seewhy/objectives/parts/running_mean.py",
        source='count = state["delta_count"] + len(rewards)',
        defect='count = state["delta_count"] + 1.0',
        seen_by="tests/objectives/test_bco.py::test_delta_is_the_mean_of_all_rewards_so_far_whatever_the_size_of_the_steps",
    ),
    Mutant(
        name="ipo: sums for means",
        file="seewhy/objectives/ipo.py",
        source="rejected = ratios.rejected / count_tokens(view.rejected_mask)",
        defect="rejected = ratios.rejected",
        seen_by="tests/objectives/test_ipo.py::test_ipo_regresses_the_difference_of_the_means_over_tokens",
    ),
    Mutant(
        name="mpo: weights of preference and quality exchanged",
        file="seewhy/objectives/mpo.py",
        source="self.preference * dpo + self.quality * bco",
        defect="self.quality * dpo + self.preference * bco",
        seen_by="tests/objectives/test_mpo.py::test_mpo_is_eight_tenths_preference_two_tenths_quality_and_all_of_the_nll",
    ),
    Mutant(
        name="length: places counted from one",
        file="seewhy/objectives/parts/length.py",
        source="(mask.cumsum(dim=-1) - 1).float()",
        defect="mask.cumsum(dim=-1).float()",
        seen_by="tests/objectives/test_length.py::test_the_cosine_discount_falls_from_one_by_half_a_wave",
    ),
]

"""Defects planted in what is foretold of a run, and in the peak that a step reports."""

from mutant_rows import Mutant

ESTIMATE = "seewhy/training/memory/estimate.py"
LIVE = "seewhy/training/memory/live_bytes.py"
PEAK = "seewhy/training/memory/peak.py"
FORESEEN = "tests/training/test_estimate.py"
PLAN = "tests/cli/test_plan.py"
OUTLOOK = "tests/runs/test_outlook.py"

PLAN_MUTANTS = [
    Mutant(
        name="estimate: AdamW with one moment",
        file=ESTIMATE,
        source="return 2 * self.moved\n\n",
        defect="return self.moved\n\n",
        seen_by=f"{FORESEEN}::test_the_terms_add_up_and_the_larger_of_passes_and_optimiser_counts",
    ),
    Mutant(
        name="estimate: checkpointed layers keep nothing",
        file=ESTIMATE,
        source="self.saved - self.saved_in_layers + self.layer_inputs + self.largest_layer",
        defect="self.saved - self.saved_in_layers + self.largest_layer",
        seen_by=f"{FORESEEN}::test_checkpointed_layers_keep_their_inputs_and_one_layer_at_a_time",
    ),
    Mutant(
        name="rehearsal: the meta device's own attention, which keeps every weight",
        file="seewhy/training/memory/trace.py",
        source="if func is not F.scaled_dot_product_attention:",
        defect="if func is not F.logsigmoid:",
        seen_by=f"{FORESEEN}::test_a_rehearsal_counts_the_bytes_that_the_same_pass_makes_for_real",
    ),
    Mutant(
        name="live bytes: nothing is ever let go",
        file=LIVE,
        source="self.live -= size",
        defect="self.live -= 0",
        seen_by=f"{FORESEEN}::test_live_bytes_rise_and_fall_with_the_tensors",
    ),
    Mutant(
        name="live bytes: a view counts again",
        file=LIVE,
        source="if key in self._known or key in self._held:",
        defect="if key in self._known:",
        seen_by=f"{FORESEEN}::test_live_bytes_rise_and_fall_with_the_tensors",
    ),
    Mutant(
        name="peak: of the process, told as the step's own",
        file=PEAK,
        source="CLEAR.write_text(RESET_HIGH_WATER",
        defect='CLEAR.write_text("1"',
        seen_by=f"{FORESEEN}::test_the_peak_of_a_step_forgets_what_was_held_before_it_and_the_process_does_not",
    ),
    Mutant(
        name="plan: a step sees one prompt's rows as many prompts",
        file="seewhy/runs/forecast/outlook.py",
        source="return [source.per_prompt] * ((source.rows or 0) // max(1, source.per_prompt))",
        defect="return [1] * (source.rows or 0)",
        seen_by=f"{OUTLOOK}::test_rows_of_a_prompt_stay_together_when_they_are_counted",
    ),
    Mutant(
        name="plan: chains are as long as they may be, whatever the model was trained on",
        file="seewhy/stages/sample.py",
        source="return found or [stand_in(index, self.max_tokens) for index in range(self.per_question)]",
        defect="return [stand_in(index, self.max_tokens) for index in range(self.per_question)]",
        seen_by=f"{OUTLOOK}::test_chains_are_expected_as_long_as_what_their_model_is_trained_on",
    ),
    Mutant(
        name="plan: a stale row counts as finished",
        file="seewhy/runs/forecast/outlook.py",
        source="if one.state is State.FINISHED)",
        defect="if one.state is not State.WAITING)",
        seen_by=f"{OUTLOOK}::test_stale_rows_are_expected_anew",
    ),
]

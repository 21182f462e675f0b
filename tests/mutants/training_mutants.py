"""Defects planted in how objectives are checked, rows weighted and read, and weights hashed."""

from mutant_rows import SETTINGS, Mutant

START = "tests/training/test_start_check.py"
STREAMS = "tests/training/test_streams.py"
STORED = "tests/runs/test_stored_reference.py"
LAZY = "tests/training/test_lazy_rows.py"
MDPO = "tests/objectives/test_mdpo.py"
VARIED = "tests/training/test_varied_pictures.py"
REFERENCE = "tests/training/test_training_reference.py"

TRAINING_MUTANTS = [
    Mutant(
        name="at the reference: ipo without its square",
        file="seewhy/objectives/ipo.py",
        source="1 / (4 * self.beta**2))",
        defect="1 / (4 * self.beta))",
        seen_by=f"{SETTINGS}::test_at_the_reference_the_loss_is_what_the_objective_says",
    ),
    Mutant(
        name="at the reference: never compared",
        file="seewhy/training/step.py",
        source="step == 0 and expected is not None",
        defect="step < 0 and expected is not None",
        seen_by=f"{START}::test_reference_rows_of_another_model_are_refused_before_a_weight_moves",
    ),
    Mutant(
        name="discount: of the policy alone",
        file="seewhy/objectives/parts/length.py",
        source="reference_rejected=_discounted(view.reference_rejected, rejected)",
        defect="reference_rejected=view.reference_rejected",
        seen_by=f"{SETTINGS}::test_at_the_reference_the_loss_is_what_the_objective_says",
    ),
    Mutant(
        name="discount: ignored by bco",
        file="seewhy/objectives/bco.py",
        source="view = discount_pairs(view, self.discount)",
        defect="view = discount_pairs(view, Discount.NONE)",
        seen_by=f"{SETTINGS}::test_every_setting_changes_the_loss",
    ),
    Mutant(
        name="reference rows: the key ignores the picture's variant",
        file="seewhy/training/reference.py",
        source="        parts.append(str(variant))",
        defect="        pass",
        seen_by=f"{REFERENCE}::test_a_key_tells_model_picture_words_style_and_response_apart",
    ),
    Mutant(
        name="reference rows: a prompt without pictures shows them",
        file="seewhy/training/grouping.py",
        source="question, example.style, variant is PictureVariant.NONE",
        defect="question, example.style, False",
        seen_by=f"{REFERENCE}::test_rows_of_two_picture_variants_are_kept_apart_and_hold_what_each_prompt_gives",
    ),
    Mutant(
        name="mdpo: the conditional term compares the rejected response",
        file="seewhy/objectives/mdpo.py",
        source="LogRatios(chosen=ratios.chosen, rejected=varied)",
        defect="LogRatios(chosen=ratios.chosen, rejected=ratios.rejected)",
        seen_by=f"{MDPO}::test_gradients_are_those_worked_by_hand",
    ),
    Mutant(
        name="mdpo: an anchor on the margin",
        file="seewhy/objectives/mdpo.py",
        source="self.beta * ratios.chosen - self.delta)",
        defect="self.beta * (ratios.chosen - ratios.rejected) - self.delta)",
        seen_by=f"{MDPO}::test_mdpo_is_the_sum_of_three_terms",
    ),
    Mutant(
        name="mdpo: no reference with the varied pictures",
        file="seewhy/objectives/parts/terms.py",
        source="sum_tokens(view.policy_varied - view.reference_varied, view.chosen_mask)",
        defect="sum_tokens(view.policy_varied, view.chosen_mask)",
        seen_by=f"{MDPO}::test_the_conditional_term_counts_from_the_reference_with_the_same_pictures",
    ),
    Mutant(
        name="mdpo: varied responses read the question's own pictures",
        file="seewhy/training/examples.py",
        source="return questions.varied[question_id]",
        defect="return questions[question_id]",
        seen_by=f"{VARIED}::test_a_step_of_mdpo_is_that_of_three_passes_of_their_own",
    ),
    Mutant(
        name="mdpo: varied rows of the reference under the own pictures' key",
        file="seewhy/training/reference.py",
        source="        return reference_key(fingerprint, question, example.style, ids, example.pictures)",
        defect="        return reference_key(fingerprint, question, example.style, ids)",
        seen_by=f"{VARIED}::test_reference_rows_are_keyed_by_the_varied_picture",
    ),
    Mutant(
        name="pairs: the rejected side is scored with the question's own pictures",
        file="seewhy/training/grouping.py",
        source="prompt=prompts.own if shown is None else prompts.rejected[shown]",
        defect="prompt=prompts.own",
        seen_by="tests/training/test_rejected_images.py::test_losses_and_gradients_are_those_of_rows_made_by_hand",
    ),
    Mutant(
        name="crops: above the share that may be kept",
        file="seewhy/pairs/pictures/cropped.py",
        source="rng.uniform(self.least, self.most) * picture",
        defect="2 * rng.uniform(self.least, self.most) * picture",
        seen_by="tests/pairs/test_drawn_variants.py::test_a_crop_keeps_a_share_between_its_bounds",
    ),
    Mutant(
        name="varied pictures: the same draw for every question",
        file="seewhy/pairs/varied.py",
        source="{seed}/{kind}/{question.id}/{place}/{ref.sha256}",
        defect="{seed}/{kind}",
        seen_by="tests/pairs/test_drawn_variants.py::test_a_draw_depends_on_seed_kind_question_and_picture_alone",
    ),
    Mutant(
        name="weights: hashed for every block",
        file="seewhy/training/identity.py",
        source="if found is None or found[0] != versions:",
        defect="if found is None or found[0] != versions or found:",
        seen_by=f"{REFERENCE}::test_all_blocks_of_a_reference_go_by_one_hash_of_the_weights",
    ),
    Mutant(
        name="weights: never hashed again",
        file="seewhy/training/identity.py",
        source="if found is None or found[0] != versions:",
        defect="if found is None:",
        seen_by=f"{REFERENCE}::test_weights_that_moved_are_hashed_again",
    ),
    Mutant(
        name="streams: the mean of each pass in place of the step's",
        file="seewhy/training/totals.py",
        source="return (each * weights).sum() / self.weight",
        defect="return (each * weights).sum() / weights.sum()",
        seen_by=f"{STREAMS}::test_a_step_of_weighted_rows_is_the_same_however_it_is_cut",
    ),
    Mutant(
        name="streams: weights in the loss that is logged alone",
        file="seewhy/training/totals.py",
        source="return (each * weights).sum() / self.weight",
        defect="return each.sum() / self.rows",
        seen_by=f"{STREAMS}::test_a_row_of_weight_two_moves_the_model_as_two_rows_do",
    ),
    Mutant(
        name="streams: a row's own weight has no say",
        file="seewhy/training/rows.py",
        source="return self.weight * own",
        defect="return self.weight",
        seen_by=f"{STREAMS}::test_a_row_of_its_own_weight_counts_as_much",
    ),
    Mutant(
        name="rows by key: the first of rows whose hashes agree, unread",
        file="seewhy/records/by_key.py",
        source="if self._key(row) == key:",
        defect="if row is not None:",
        seen_by=f"{LAZY}::test_keys_whose_hashes_agree_are_told_apart",
    ),
    Mutant(
        name="order: prompts in the order of their hashes",
        file="seewhy/training/order.py",
        source="appearance = np.argsort(by_hash[begins])",
        defect="appearance = np.arange(len(begins))",
        seen_by=f"{LAZY}::test_the_order_in_arrays_is_that_of_lists",
    ),
    Mutant(
        name="stored reference: never compared with what the model gives",
        file="seewhy/training/stored.py",
        source="if gap > CLOSE:",
        defect="if gap > 1e9:",
        seen_by=f"{STORED}::test_values_that_are_not_the_models_are_refused_with_the_reason",
    ),
    Mutant(
        name="stored reference: the last tokens for the first",
        file="seewhy/training/stored.py",
        source="(values[:kept], pair.question_id)",
        defect="(values[-kept:], pair.question_id)",
        seen_by=f"{STORED}::test_stored_values_are_the_reference_and_equal_the_computed_ones",
    ),
]

"""Defects planted in the judges that ask a model, in the splitter, and in what is counted of their verdicts."""

from mutant_rows import Mutant

EVERY = "tests/properties/test_every_judge.py"
SPLITTING = "tests/judging/test_splitting.py"
REPLIES = "tests/judging/test_replies.py"
SENTENCES = "tests/judging/test_sentences.py"
RUBRIC = "tests/judging/test_rubric.py"
FACTS = "tests/judging/test_facts.py"
VERSUS = "tests/judging/test_versus.py"
RATE = "tests/evaluation/test_versus_rate.py"
STEPS = "tests/judging/test_steps.py"
CORRECTOR = "tests/judging/test_corrector.py"
CALIBRATION = "tests/evaluation/test_calibration.py"
CONTINUING = "tests/model/test_continuing.py"
CHAINS = "tests/judging/test_judge_chains.py"
BY_SCORE = "tests/pairs/test_by_score.py"
PAIRING_PLAN = "tests/pairs/test_pairing_plan.py"
PAIRING = "tests/cli/test_pairing.py"
BY_NAME = "tests/cli/test_judges_by_name.py"

ROWS = (
    ("splitter: LaTeX is not kept whole", "asking/splitting.py",
     "if inside >= 0 and end.start() < spans[inside][1]:", "if inside < -1:",
     f"{SPLITTING}::test_what_is_one_sentence_stays_one"),
    ("splitter: abbreviations end sentences", "asking/splitting.py",
     "    if folded in TITLES:\n        return not follows", "    if folded in TITLES:\n        return True",
     f"{SPLITTING}::test_what_is_one_sentence_stays_one"),
    ("splitter: decimals are cut", "asking/splitting.py",
     r"[\"'”’)\]*_]*+(?=\s|$)|", r"[\"'”’)\]*_]*+|",
     f"{SPLITTING}::test_what_is_one_sentence_stays_one"),
    ("splitter: the space stays in the span", "asking/splitting.py",
     "yield start + len(part) - len(part.lstrip()), start + len(part.rstrip())", "yield start, end",
     f"{SPLITTING}::test_every_character_but_space_is_in_exactly_one_sentence"),
    ("splitter: the answer line is no sentence of its own", "asking/splitting.py",
     "cuts = [0, *_marks(text)]", "cuts = [0]", f"{SPLITTING}::test_sentences_end_where_they_end"),
    ("replies: another's reply is taken", "asking/replies.py",
     'if subject and found.get("id") != subject:', 'if subject and not found.get("id"):',
     f"{EVERY}::test_a_reply_about_something_else_is_never_a_score"),
    ("replies: a block with another id is taken", "asking/replies.py",
     "if opened[0] != subject:", "if not opened[0]:", f"{REPLIES}::test_a_block_is_read_once_and_by_its_id"),
    ("replies: the first of several objects is taken", "asking/replies.py",
     "return objects[0] if len(objects) == 1 else", "return objects[0] if objects else",
     f"{REPLIES}::test_every_other_reply_is_a_named_failure"),
    ("replies: what the limit cut off is read", "asking/replies.py",
     "if reply.stop is FinishReason.LENGTH and not (may_be_cut and text):",
     "if reply.stop is FinishReason.LENGTH and not text:",
     f"{EVERY}::test_a_reply_that_reached_the_token_limit_is_never_a_score"),
    ("schema: true is the number 1", "asking/schema.py",
     "value == choice and isinstance(value, bool) == isinstance(choice, bool)", "value == choice",
     f"{REPLIES}::test_every_other_reply_is_a_named_failure"),
    ("sentences: a score out of range is taken", "sentences.py",
     "score=one_of(*TENTHS)", "score=one_of(*TENTHS, 1.1, -0.1)",
     f"{SENTENCES}::test_a_wrong_count_or_range_is_asked_once_more_with_its_fault_and_then_unjudged"),
    ("sentences: a repeated sentence keeps its score", "sentences.py",
     "score=0.0 if is_repeated else score", "score=score if is_repeated else score",
     f"{SENTENCES}::test_a_repeated_sentence_is_worth_nothing_whatever_the_judge_says"),
    ("sentences: scores are joined by order", "sentences.py",
     'return {int(entry["sentence"]): float(entry["score"]) for entry in entries}',
     'return {at: float(entry["score"]) for at, entry in enumerate(entries, start=1)}',
     f"{SENTENCES}::test_scores_stand_at_the_sentences_they_are_about_in_whatever_order_they_come"),
    ("rubric: half of the votes are enough", "rubric.py",
     "if 2 * len(votes) <= self.votes:", "if 2 * len(votes) < self.votes:",
     f"{RUBRIC}::test_more_than_half_of_the_votes_must_be_readable"),
    ("rubric: a blind judge sees", "rubric.py",
     "self.wording, blind=self.blind,", "self.wording, blind=False,",
     f"{EVERY}::test_the_picture_is_shown_unless_the_judge_is_to_be_blind"),
    ("judges: a blind judge is shown the picture all the same", "asking/messages.py",
     "messages=(message_about(question, text, blind=blind),), count=count",
     "messages=(message_about(question, text, blind=False),), count=count",
     f"{EVERY}::test_the_picture_is_shown_unless_the_judge_is_to_be_blind"),
    ("rubric: the prompt is not in the name", "asking/messages.py",
     'versions = "+".join(wording.version for wording in wordings)', 'versions = "1"',
     f"{EVERY}::test_the_name_tells_model_and_prompts_and_another_prompt_is_another_name"),
    ("prompts: a chain can close its section", "prompts/template.py",
     'f"< /{tag[1]}>" if tag[1] in tags else tag[0]', "tag[0]",
     f"{EVERY}::test_a_chain_cannot_speak_outside_its_own_section"),
    ("facts: accepted facts are counted", "facts.py",
     "if trust < 0.5:", "if trust > 0.5:", f"{FACTS}::test_the_score_is_minus_the_facts_that_are_rejected"),
    ("facts: log-probabilities are not exponentiated", "facts.py",
     "return sum(exp(logprob) for", "return sum(-logprob for",
     f"{FACTS}::test_trust_is_the_probability_of_yes_against_no_in_all_spellings_else_the_word"),
    ("facts: a doubt is a rejection", "facts.py",
     "return said.why if isinstance(said, Unread) else float(said)",
     "return 0.0 if isinstance(said, Unread) else float(said)",
     f"{FACTS}::test_the_score_is_minus_the_facts_that_are_rejected"),
    ("versus: the second order is read as the first", "versus.py",
     "1.0 - WORTH[contest.behind]", "WORTH[contest.behind]", f"{VERSUS}::test_the_score_is_the_mean_over_both_orders"),
    ("versus: one order is asked twice, and the place decides", "versus.py",
     "((chain.text, rival), (rival, chain.text))", "((chain.text, rival), (chain.text, rival))",
     f"{VERSUS}::test_the_oracle_prefers_the_right_chain_from_both_places"),
    ("steps: continuations without a verdict count as wrong", "steps.py",
     "judged = [outcome for outcome in outcomes if outcome is not Outcome.UNJUDGED]", "judged = list(outcomes)",
     f"{STEPS}::test_what_no_rule_can_grade_is_unjudged"),
    ("steps: a policy that begins anew is believed", "steps.py",
     "if not folded(chain.text).startswith(folded(beginning)):", "if not chain.text:",
     f"{STEPS}::test_a_policy_that_begins_anew_is_an_error_and_not_a_value"),
    ("steps: the last step is continued too", "steps.py",
     "return ends[:-1] if chain.stop is FinishReason.END else ends", "return ends",
     f"{STEPS}::test_each_step_is_continued_from_its_own_end_with_the_chain_s_tokens"),
    ("corrector: an echo is a lesson", "corrector.py",
     "if text.split() == chain.text.split():", "if text == chain.text + chain.text:",
     f"{CORRECTOR}::test_every_other_reply_is_no_lesson"),
    ("corrector: any answer is right", "corrector.py",
     "CorrectionOutcome.CORRECTED if verdict.outcome is Outcome.CORRECT else",
     "CorrectionOutcome.CORRECTED if verdict.outcome else",
     f"{CORRECTOR}::test_every_other_reply_is_no_lesson"),
    ("at once: what was judged after an error is lost", "api.py",
     "            else:\n                yield from done.result()",
     "            elif error is None:\n                yield from done.result()",
     f"{CHAINS}::test_a_spent_budget_passes_through_after_all_that_was_judged"),
)  # fmt: skip

ELSEWHERE = (
    ("win rate: a contradiction is a win", "seewhy/evaluation/versus.py",
     "int((scores > 0.5).sum())", "int((scores >= 0.5).sum())", f"{RATE}::test_six_contests_worked_by_hand"),
    ("win rate: the place is counted over the chain's wins", "seewhy/evaluation/versus.py",
     "BEHIND = {Preferred.FIRST: 0.0, Preferred.TIE: 0.5, Preferred.SECOND: 1.0}",
     "BEHIND = {Preferred.FIRST: 1.0, Preferred.TIE: 0.5, Preferred.SECOND: 0.0}",
     f"{RATE}::test_a_judge_that_always_prefers_the_first_has_no_winner_and_full_bias"),
    ("win rate: position bias is of the second place", "seewhy/evaluation/versus.py",
     "np.array([one is Preferred.FIRST for _, one in said]", "np.array([one is Preferred.SECOND for _, one in said]",
     f"{RATE}::test_a_judge_that_always_prefers_the_first_has_no_winner_and_full_bias"),
    ("calibration: chance is left out of kappa", "seewhy/evaluation/calibration.py",
     "(agreed - by_chance) / (1 - by_chance)", "agreed / (1 - by_chance)",
     f"{CALIBRATION}::test_the_numbers_are_those_of_scikit_learn"),
    ("calibration: Brier without the square", "seewhy/evaluation/calibration.py",
     "- is_right) ** 2", "- is_right) ** 1", f"{CALIBRATION}::test_the_numbers_are_those_of_scikit_learn"),
    ("calibration: what was not judged is wrong", "seewhy/evaluation/calibration.py",
     "if verdict.outcome is not Outcome.UNJUDGED]", "if verdict.outcome is not None]",
     f"{CALIBRATION}::test_what_nobody_judged_changes_its_own_share_alone"),
    ("by name: a setting that the judge does not have is no error of its own", "seewhy/cli/judges.py",
     "            raise ValueError(_unknown_setting(plan, name, value, known, option))",
     "            continue",
     f"{BY_NAME}::test_a_judge_that_could_not_be_made_stops_a_run_before_anything_is_made"),
    ("by name: what the plan leaves alone is set all the same", "seewhy/recipes/plans.py",
     "if value != defaults[name]}", "if name in defaults}",
     f"{BY_NAME}::test_a_judge_is_made_with_the_settings_of_its_plan_and_its_own_for_the_rest"),
    ("by name: a judge is not tried before the run", "seewhy/cli/judges.py",
     '    make_judge(plan, RecordingClient(name="nobody"))\n', "    assert plan\n",
     f"{BY_NAME}::test_a_judge_is_made_on_trial_before_a_run_and_asks_nobody_then"),
    ("pairs by score: the margin is not asked for", "seewhy/pairs/by_score.py",
     "< self.margin - ROUNDING:", "< 0:", f"{BY_SCORE}::test_every_prompt_has_one_fate_and_every_pair_its_margin"),
    ("votes: a verdict does not keep their agreement", "seewhy/judging/rubric.py",
     "agreement=agreement_of([vote.overall for vote in votes]),", "agreement=None,",
     f"{RUBRIC}::test_the_score_is_the_mean_of_the_overall_grades"),
    ("pairs in a run: the plan's margin does not reach the rule", "seewhy/pairs/plan.py",
     "return ByScore(margin=self.margin, above=self.above,", "return ByScore(margin=1.0, above=self.above,",
     f"{PAIRING_PLAN}::test_every_setting_reaches_its_rule"),
    ("pairs in a run: no scores are no pairs, and no reason is told", "seewhy/cli/pair.py",
     "if any(verdict.score is not None for verdict in verdicts):", "if verdicts:",
     f"{PAIRING}::test_verdicts_without_scores_make_no_pairs_by_score_and_the_remedy_is_told"),
    ("pairs by score: what was cut off is paired", "seewhy/pairs/by_score.py",
     "return ScoreDropReason.CUT_OFF if one.stop is FinishReason.LENGTH else None", "return None",
     f"{BY_SCORE}::test_chains_without_score_cut_off_or_repeated_stand_in_no_pair"),
    ("beginnings: the tokens that were sampled are not kept", "seewhy/model/generation/continuing.py",
     "if beginning.token_ids is None:", "if True:",
     f"{CONTINUING}::test_tokens_are_kept_as_far_as_they_spell_the_beginning_and_the_rest_is_tokenised"),
    ("beginnings: positions start again", "seewhy/model/generation/continuing.py",
     "after = positions[:, -1:] +", "after = 0 * positions[:, -1:] +",
     f"{CONTINUING}::test_after_a_beginning_every_family_scores_and_draws_as_in_the_whole_chain"),
    ("beginnings: all beginnings share their luck", "seewhy/model/generation/decode.py",
     'f"{ask.style.value}/{ask.beginning.text}"', "ask.style.value",
     f"{CONTINUING}::test_continuations_of_two_beginnings_have_luck_of_their_own"),
)  # fmt: skip

JUDGE_MUTANTS = [
    Mutant(name=name, file=file, source=source, defect=defect, seen_by=seen_by)
    for name, file, source, defect, seen_by in (
        *((name, f"seewhy/judging/{file}", *rest) for name, file, *rest in ROWS), *ELSEWHERE
    )
]  # fmt: skip

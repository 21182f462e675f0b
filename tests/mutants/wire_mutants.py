"""Defects planted in what stands between a run and a model behind a server: the canary, the bill, the stops."""

from mutant_rows import Mutant

CANARY = "seewhy/endpoints/vision_check.py"
CANARIES = "tests/endpoints/test_vision_check.py"
LINE = "seewhy/endpoints/session.py"
WIRED = "tests/cli/test_wired_runs.py"
DRY = "tests/cli/test_dry_run.py"
SERVED = "tests/testing/test_served_oracle.py"
FAULTS = "tests/testing/test_served_faults.py"

WIRE_MUTANTS = [
    Mutant(
        name="canary: the order of the two colours does not matter",
        file=CANARY,
        source="return tuple(WORD.findall(self.said.casefold())) == self.expected",
        defect="return set(WORD.findall(self.said.casefold())) == set(self.expected)",
        seen_by=f"{CANARIES}::test_one_that_always_says_the_same_or_half_of_it_is_blind",
    ),
    Mutant(
        name="canary: naming both colours among others is enough",
        file=CANARY,
        source="return tuple(WORD.findall(self.said.casefold())) == self.expected",
        defect="return set(self.expected) <= set(WORD.findall(self.said.casefold()))",
        seen_by=f"{CANARIES}::test_one_that_always_says_the_same_or_half_of_it_is_blind",
    ),
    Mutant(
        name="canary: silence is taken for blindness, which may be allowed",
        file=CANARY,
        source="self.right + unanswered < self.plan.needed",
        defect="self.right < self.plan.needed",
        seen_by=f"{CANARIES}::test_a_teacher_that_fails_on_the_first_picture_is_asked_no_more_and_never_allowed",
    ),
    Mutant(
        name="canary: every start asks about the same pictures",
        file=CANARY,
        source='random.Random(f"canary/{seed}")',
        defect='random.Random("canary")',
        seen_by=f"{CANARIES}::test_no_two_trials_have_one_answer_another_seed_draws_others_and_the_words_tell_nothing",
    ),
    Mutant(
        name="wire: no canary before the first picture",
        file=LINE,
        source="if shows and not self.is_proved and self.canary.trials:",
        defect="if not shows and self.canary.trials:",
        seen_by=f"{WIRED}::test_a_blind_teacher_stops_the_run_before_it_is_asked_anything_else_unless_it_is_allowed",
    ),
    Mutant(
        name="wire: rows are made of a block that nobody answered",
        file=LINE,
        source="if len(failed) > max(FEW, MOST_FAILED * asked) or (failed and len(failed) == asked):",
        defect="if len(failed) > asked:",
        seen_by=f"{WIRED}::test_a_server_that_breaks_after_the_canary_leaves_no_rows_and_the_same_command_goes_on",
    ),
    Mutant(
        name="dry run: what follows the first replies is left out of the total",
        file="seewhy/endpoints/accounting/estimate.py",
        source="return first + self.follow_ups.most if self.follow_ups else first",
        defect="return first",
        seen_by=f"{DRY}::test_a_judge_that_asks_on_is_summed_at_its_most",
    ),
    Mutant(
        name="dry run: chains that are not sampled cost nothing",
        file="seewhy/stages/sample.py",
        source="return stand_ins(questions, self.style, self.per_question, self.max_tokens)",
        defect="return ()",
        seen_by=f"{DRY}::test_a_whole_run_is_priced_step_by_step_and_in_all_without_a_call_and_is_not_begun",
    ),
    Mutant(
        name="dry run: a price that nobody knows is zero",
        file="seewhy/endpoints/accounting/estimate.py",
        source='money = "no price is known" if self.dollars is None else f"${self.dollars:,.2f}"',
        defect='money = f"${self.dollars or 0.0:,.2f}"',
        seen_by=f"{DRY}::test_a_model_without_a_price_has_no_total_of_money_and_never_zero",
    ),
    Mutant(
        name="dry run: what is asked of two chains in the same words is paid once",
        file="seewhy/endpoints/accounting/estimate.py",
        source="replace(one[0], seed=number) for",
        defect="one[0] for",
        seen_by=f"{DRY}::test_the_questions_about_facts_are_estimated_and_bounded_and_the_judge_asks_no_more",
    ),
    Mutant(
        name="dry run: a step that says nothing of what it asks is free",
        file="seewhy/runs/forecast/prices.py",
        source='return "" if self.is_finished else f"what {self.ref} asks"',
        defect='return ""',
        seen_by=f"{DRY}::test_a_stage_of_ones_own_that_says_nothing_is_unknown_and_not_free",
    ),
    Mutant(
        name="dry run: replies that are kept are paid again",
        file="seewhy/runs/forecast/outlook.py",
        source="if len(kept.replies) < request.count:",
        defect="if len(kept.replies) >= request.count:",
        seen_by=f"{DRY}::test_what_was_answered_before_is_not_priced_again_nor_what_followed_from_it",
    ),
    Mutant(
        name="served: what was cut short is charged as delivered",
        file="seewhy/testing/served/sending.py",
        source="is_complete = manner.share == 1.0",
        defect="is_complete = True",
        seen_by=f"{FAULTS}::test_a_cut_answer_is_http_that_is_whole_and_json_that_is_not",
    ),
    Mutant(
        name="served: a page is known by the prompt's words and not by its picture",
        file="seewhy/testing/served/answering.py",
        source="messages = [as_message(turn) for turn in asked.turns]",
        defect="messages = [Message(role=ROLES[turn.role], text=turn.text) for turn in asked.turns]",
        seen_by=f"{SERVED}::test_a_page_is_known_by_its_pictures_bytes_and_answered_as_the_oracle_does",
    ),
]

"""Defects planted in what stands between a run and a model behind a server: the canary, the bill, the stops."""

from mutant_rows import Mutant

CANARY = "seewhy/model/canary.py"
CANARIES = "tests/model/test_canary.py"
LINE = "seewhy/cli/wire.py"
WIRED = "tests/cli/test_wired_runs.py"
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
        name="served: what was cut short is charged as delivered",
        file="seewhy/testing/served/wire.py",
        source="is_whole = manner.share == 1.0",
        defect="is_whole = True",
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

"""Defects planted in the guard rails of training, and what must see them."""

from mutant_rows import Mutant

PROBE = "seewhy/training/monitor/probe.py"
GUARDS = "seewhy/training/monitor/monitor.py"
RULES = "seewhy/training/monitor/rules.py"
TESTS = "tests/training/test_probe.py"
RUNS = "tests/training/test_guards.py"
ALARMS = "tests/training/test_alarms.py"
LENGTHS = "tests/training/test_lengths.py"

GUARD_MUTANTS = [
    Mutant(
        name="probe: n-grams counted across replies",
        file=PROBE,
        source='f"{name}_repetition": sum(map(repeated_share, rows)) / len(rows),',
        defect='f"{name}_repetition": repeated_share([token for row in rows for token in row]),',
        seen_by=f"{TESTS}::test_two_replies_that_are_the_same_repeat_nothing_for_neither_repeats_itself",
    ),
    Mutant(
        name="probe: the last n-gram of a reply left out",
        file="seewhy/records/repeats.py",
        source="range(len(ids) - size + 1)",
        defect="range(len(ids) - size)",
        seen_by=f"{TESTS}::test_a_reply_repeats_the_share_of_its_runs_that_stood_in_it_before",
    ),
    Mutant(
        name="divergence: sign of the log-ratio turned",
        file=PROBE,
        source="late - early for early, late",
        defect="early - late for early, late",
        seen_by=f"{TESTS}::test_the_divergence_of_a_reply_is_the_sum_of_r_less_1_less_log_r",
    ),
    Mutant(
        name="divergence: of the model's own replies, and not of the start's",
        file=PROBE,
        source="known = score(self.model, self.questions, self.start, self.row_tokens)",
        defect="known = score(self.model, self.questions, chains, self.row_tokens)",
        seen_by=f"{TESTS}::test_the_divergence_is_the_known_one_of_a_head_whose_bias_was_shifted",
    ),
    Mutant(
        name="divergence: mean over replies called a mean over tokens",
        file=PROBE,
        source="tokens = sum(map(len, known))",
        defect="tokens = len(known)",
        seen_by=f"{TESTS}::test_the_divergence_is_the_known_one_of_a_head_whose_bias_was_shifted",
    ),
    Mutant(
        name="probe: the replies of another model taken for the start's",
        file=PROBE,
        source="asked = [fingerprint, ",
        defect="asked = [",
        seen_by=f"{TESTS}::test_the_replies_of_another_model_are_not_taken_for_this_start",
    ),
    Mutant(
        name="probe: the checkpoint heard for the start",
        file="seewhy/training/fit.py",
        source="""        rails.begin(contents["starting model"])
    if found:
        load_checkpoint(found[0], run.model.net, optimizer)
""",
        defect="""        if found:
            load_checkpoint(found[0], run.model.net, optimizer)
        rails.begin(contents["starting model"])
""",
        seen_by=f"{RUNS}::test_a_run_whose_kept_replies_were_lost_hears_the_start_again_and_not_its_checkpoint",
    ),
    Mutant(
        name="abort: no checkpoint at the alarm",
        file="seewhy/training/fit.py",
        source=" or rails.stop or is_better\n",
        defect=" or is_better\n",
        seen_by=f"{RUNS}::test_an_alarm_of_the_plan_stops_the_run_after_a_checkpoint_and_tells_where",
    ),
    Mutant(
        name="abort: for any alarm",
        file="seewhy/training/monitor/plan.py",
        source="return alarm in self.abort or ALL in self.abort",
        defect="return bool(self.abort)",
        seen_by=f"{RUNS}::test_an_alarm_that_the_plan_does_not_name_stops_nothing",
    ),
    Mutant(
        name="abort: earlier steps forgotten",
        file=GUARDS,
        source="""            self._look(log)
        if not""",
        defect="""            self.watch.take(log)
        if not""",
        seen_by=f"{RUNS}::test_asked_again_a_stopped_run_takes_no_step_and_says_the_same",
    ),
    Mutant(
        name="alarms: lessons may not lead away from the start",
        file=RULES,
        source=""" or "accuracy" not in history.latest:""",
        defect=":",
        seen_by=f"{ALARMS}::test_lessons_may_lead_away_from_the_start_and_to_their_own_length",
    ),
    Mutant(
        name="alarms: said again at every step",
        file="seewhy/training/monitor/alarms.py",
        source=" for rule in RULES if rule.figure not in self.rung]",
        defect=" for rule in RULES]",
        seen_by=f"{ALARMS}::test_an_alarm_rings_once_and_at_the_first_step_that_shows_it",
    ),
    Mutant(
        name="length: cosine turned, so that the shorter side seems to win",
        file="seewhy/training/monitor/lengths.py",
        source="gap, reward = chosen - rejected, margin.double()",
        defect="gap, reward = rejected - chosen, margin.double()",
        seen_by=f"{LENGTHS}::test_margins_that_go_with_length_differences_have_their_cosine_and_no_moment_is_left",
    ),
]

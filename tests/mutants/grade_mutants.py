"""Defects planted in the numbers of a scorecard and in what is joined to what."""

from mutant_rows import Mutant

INTERVALS = "seewhy/evaluation/intervals.py"
POLAR = "seewhy/evaluation/polar.py"
CLUSTERED = "tests/evaluation/test_clustered.py"
COMPARE = "tests/evaluation/test_compare.py"
GRADE = "tests/cli/test_grade.py"
NAMES = "tests/cli/test_grade_names.py"

GRADE_MUTANTS = [
    Mutant(
        name="design effect: pictures taken as independent",
        file=INTERVALS,
        source="return _score_interval(share, n / design_effect(correct, cluster), quantile)",
        defect="return _score_interval(share, n, quantile)",
        seen_by=f"{CLUSTERED}::test_the_clustered_interval_is_wilsons_of_as_many_questions_as_the_pictures_are_worth",
    ),
    Mutant(
        name="design effect: the small-sample factor of clusters dropped",
        file=INTERVALS,
        source="together = float((sums**2).sum()) / (len(sums) - 1) * len(sums)",
        defect="together = float((sums**2).sum())",
        seen_by=f"{CLUSTERED}::test_the_design_effect_is_the_ratio_of_statsmodels_variances",
    ),
    Mutant(
        name="mean score: a reply without an answer is left out",
        file="seewhy/evaluation/scorecard.py",
        source="np.array([score_of(verdict) for verdict in known], dtype=np.float64)",
        defect="np.array([verdict.score or 1.0 for verdict in known], dtype=np.float64)",
        seen_by=f"{CLUSTERED}::test_the_mean_score_keeps_half_right_answers_and_counts_no_answer_as_nothing",
    ),
    Mutant(
        name="yes or no: silence taken for a yes",
        file=POLAR,
        source="[(row.gold == row.said == YES, row.said == YES, row.gold == YES, True) for row in rows]",
        defect="[(row.gold == row.said == YES, row.said != NO, row.gold == YES, True) for row in rows]",
        seen_by="tests/evaluation/test_polar.py::test_a_reply_that_says_neither_is_a_miss_and_never_a_yes",
    ),
    Mutant(
        name="yes or no: precision and recall swapped",
        file=POLAR,
        source="precision=_share(hits, said), recall=_share(hits, gold)",
        defect="precision=_share(hits, gold), recall=_share(hits, said)",
        seen_by="tests/evaluation/test_polar.py::test_pope_numbers_are_worked_by_hand",
    ),
    Mutant(
        name="design effect: where all are alike questions of a picture are independent",
        file=INTERVALS,
        source="return float((np.bincount(cluster).astype(np.float64) ** 2).sum()) / len(values)",
        defect="return 1.0",
        seen_by="tests/evaluation/test_shared_pictures.py::"
        "test_shared_pictures_hold_the_truth_as_often_as_independent_questions",
    ),
    Mutant(
        name="mean: no cluster is added, and what is all right is certain",
        file=INTERVALS,
        source="np.append(sizes, [mean_size, mean_size]), np.append(totals, [0.0, mean_size])",
        defect="np.append(sizes, [mean_size, mean_size]), np.append(totals, [mean_size, mean_size])",
        seen_by=f"{CLUSTERED}::test_the_interval_of_a_mean_is_worked_by_hand",
    ),
    Mutant(
        name="mean: the added clusters count as questions",
        file=INTERVALS,
        source=" / spread * clusters / (clusters + 2)",
        defect=" / spread",
        seen_by=f"{CLUSTERED}::test_a_mean_of_ones_alone_keeps_a_width_that_is_worked_by_hand",
    ),
    Mutant(
        name="paired: gains are counted by questions where pictures go together",
        file="seewhy/evaluation/compare.py",
        source="gained, lost = (float((change == sign).sum()) / effect for sign in (1, -1))",
        defect="gained, lost = (float((change == sign).sum()) for sign in (1, -1))",
        seen_by=f"{COMPARE}::test_clusters_of_like_changes_widen_the_interval",
    ),
    Mutant(
        name="paired detectable difference: one-sided",
        file="seewhy/evaluation/paired_power.py",
        source="np.floor(bdtrik(alpha / 2, counts, 0.5))",
        defect="np.floor(bdtrik(alpha, counts, 0.5))",
        seen_by=f"{COMPARE}::test_the_detectable_difference_of_pairs_is_found_in_four_of_five_worlds",
    ),
    Mutant(
        name="paired detectable difference: one change more is taken for significant",
        file="seewhy/evaluation/paired_power.py",
        source="_at_most(fewest, counts, 1 - ahead)",
        defect="_at_most(fewest + 1, counts, 1 - ahead)",
        seen_by=f"{COMPARE}::test_the_detectable_difference_of_pairs_is_found_in_four_of_five_worlds",
    ),
    Mutant(
        name="win rate: chains of one question are independent",
        file="seewhy/evaluation/versus.py",
        source="together = clusters or {name: name for name, *_ in orders}",
        defect="together = clusters",
        seen_by="tests/evaluation/test_versus_rate.py::test_several_chains_of_a_question_count_as_one_question",
    ),
    Mutant(
        name="detectable difference: one-sided",
        file="seewhy/evaluation/power.py",
        source="NormalDist().inv_cdf(1 - alpha / 2)",
        defect="NormalDist().inv_cdf(1 - alpha)",
        seen_by="tests/evaluation/test_compare.py::"
        "test_the_detectable_difference_of_two_samples_has_the_power_statsmodels_gives_it",
    ),
    Mutant(
        name="majority: of all samples instead of k",
        file="seewhy/evaluation/repeats.py",
        source="_subsets(name, len(group), size, seed)",
        defect="_subsets(name, len(group), len(group), seed)",
        seen_by="tests/evaluation/test_repeats.py::test_majority_of_two_is_that_of_all_six_subsets",
    ),
    Mutant(
        name="grade: a gold is taken for the reply",
        file="seewhy/grading/replies.py",
        source="if same < NEARLY_ALL * len(replies):",
        defect="if same <= len(replies):",
        seen_by=f"{NAMES}::test_a_gold_beside_the_reply_is_not_graded_against_itself",
    ),
    Mutant(
        name="grade: a suite without a rule grades in silence",
        file="seewhy/grading/names.py",
        source="if not compat or Compat(compat) is Compat.PAPER or any(",
        defect="if True or any(",
        seen_by=f"{NAMES}::test_a_suite_that_has_no_rule_for_any_question_is_refused",
    ),
    Mutant(
        name="grade: the first message of a conversation is the reply",
        file="seewhy/evaluation/predictions.py",
        source="return [_last_message(value[-1], place)]",
        defect="return [_last_message(value[0], place)]",
        seen_by="tests/evaluation/test_tables.py::test_the_last_message_of_a_conversation_is_the_reply",
    ),
    Mutant(
        name="grade: half a character stays in a reply",
        file="seewhy/evaluation/tables.py",
        source='return mend_halves(found) if "\\\\u" in text else found',
        defect="return found",
        seen_by="tests/evaluation/test_tables.py::test_half_a_character_in_a_reply_is_replaced",
    ),
    Mutant(
        name="pairs: recorded replies are all taken as shown in the file's order",
        file="seewhy/grading/pairs.py",
        source="is_first = cast(list[int], order)[0] == known[name].preferred_at",
        defect="is_first = known[name].preferred_at == 0",
        seen_by="tests/cli/test_grade_recorded.py::test_recorded_preferences_are_held_against_peoples",
    ),
    Mutant(
        name="official: MATH-Vision drops the per cent sign",
        file="seewhy/judging/answers/suites/latex.py",
        source='("\\\\%", ""),',
        defect='("\\\\%", ""), ("%", ""),',
        seen_by="tests/judging/test_compat_mathvision.py::test_mathvision_folds_and_compares_to_two_places",
    ),
    Mutant(
        name="grade: a question without a reply is left out unasked",
        file="seewhy/grading/replies.py",
        source="if missing and not reading.missing:",
        defect="if not ids:",
        seen_by=f"{GRADE}::test_a_process_that_cannot_grade_prints_what_where_and_remedy_to_standard_error_and_ends_with_2",
    ),
    Mutant(
        name="grade: the first of two fields is taken for the reply",
        file="seewhy/evaluation/predictions.py",
        source="if len(found) == 1:",
        defect="if found:",
        seen_by="tests/evaluation/test_tables.py::test_nothing_is_guessed_where_a_row_leaves_a_doubt",
    ),
    Mutant(
        name="grade: of two rows of one id the last is kept",
        file="seewhy/evaluation/predictions.py",
        source="if several and not repeats:",
        defect="if several and repeats:",
        seen_by="tests/evaluation/test_tables.py::test_nothing_is_guessed_where_a_row_leaves_a_doubt",
    ),
]

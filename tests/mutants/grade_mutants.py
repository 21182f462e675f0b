"""Defects planted in the numbers of a scorecard and in what is joined to what."""

from mutant_rows import Mutant

INTERVALS = "seewhy/evaluation/intervals.py"
POLAR = "seewhy/evaluation/polar.py"
CLUSTERED = "tests/evaluation/test_clustered.py"
GRADE = "tests/cli/test_grade.py"

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
        source="np.stack([said, gold, said + gold, n])",
        defect="np.stack([gold, said, said + gold, n])",
        seen_by="tests/evaluation/test_polar.py::test_pope_numbers_are_worked_by_hand",
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
        name="grade: a question without a reply is left out unasked",
        file="seewhy/cli/grade/inputs.py",
        source="if missing and not reading.missing:",
        defect="if not ids:",
        seen_by=f"{GRADE}::test_a_process_that_cannot_grade_prints_one_sentence_to_standard_error_and_ends_with_2",
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

"""Calibration of a judge: the same numbers as scikit-learn, and what was not judged counts for itself."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, brier_score_loss, cohen_kappa_score

from seewhy.evaluation.calibration import calibrate, cohens_kappa, key_of
from seewhy.evaluation.intervals import wilson_interval
from seewhy.records.types import Outcome, Style, Verdict

CALLS = {"right": Outcome.CORRECT, "wrong": Outcome.INCORRECT, "none": Outcome.NO_ANSWER, "?": Outcome.UNJUDGED}


def verdicts_of(calls, judge="j"):
    return [
        Verdict(question_id=f"q{number}", index=0, style=Style.REASON, judge=judge, outcome=CALLS[call])
        for number, call in enumerate(calls)
    ]


def truths_of(verdicts, truth):
    return {key_of(verdict): is_right for verdict, is_right in zip(verdicts, truth, strict=True)}


def test_six_chains_worked_by_hand():
    """Judged: right/right, right/wrong, wrong/wrong, none/wrong, wrong/right. Calls right 2/5, truth right 2/5:
    chance .4 x .4 + .6 x .6 = .52, agreed 3/5, kappa .08/.48 = 1/6. Brier: 0.1^2, 0.8^2, 0, 0, 1 over 5.
    """
    verdicts = verdicts_of(["right", "right", "wrong", "none", "wrong", "?"])
    truth = truths_of(verdicts, [True, False, False, False, True, True])
    beliefs = {key_of(verdicts[0]): 0.9, key_of(verdicts[1]): 0.8}
    told = calibrate(verdicts, truth, beliefs)
    assert (told.n, told.true_right, told.false_right, told.true_wrong, told.false_wrong) == (6, 1, 1, 2, 1)
    assert told.accuracy == wilson_interval(3, 5)
    assert told.unjudged == wilson_interval(1, 6)
    assert told.kappa == pytest.approx(1 / 6)
    assert told.brier == pytest.approx((0.01 + 0.64 + 1.0) / 5)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 1)), min_size=2, max_size=40))
def test_the_numbers_are_those_of_scikit_learn(rows):
    calls, truth, beliefs = zip(*rows, strict=True)
    verdicts = verdicts_of(["right" if call else "wrong" for call in calls])
    keys = [key_of(verdict) for verdict in verdicts]
    told = calibrate(verdicts, truths_of(verdicts, truth), dict(zip(keys, beliefs, strict=True)))
    assert told.accuracy is not None
    assert told.accuracy.value == pytest.approx(accuracy_score(truth, calls))
    assert told.brier == pytest.approx(brier_score_loss(truth, beliefs, pos_label=True))
    if len({*calls, *truth}) == 1:
        assert told.kappa is None
    else:
        expected = cohen_kappa_score(truth, calls, labels=[False, True])
        assert told.kappa == pytest.approx(expected)
        assert not math.isnan(expected)


def test_what_nobody_judged_changes_its_own_share_alone():
    verdicts = verdicts_of(["right", "wrong"])
    more = verdicts_of(["right", "wrong", "?", "?"])
    few, many = (calibrate(rows, truths_of(rows, [True, False, True, False][: len(rows)])) for rows in (verdicts, more))
    assert (few.accuracy, few.kappa, few.brier) == (many.accuracy, many.kappa, many.brier)
    assert many.unjudged.value == 0.5


def test_a_judge_that_judged_nothing_has_no_accuracy():
    verdicts = verdicts_of(["?"])
    told = calibrate(verdicts, truths_of(verdicts, [True]))
    assert (told.accuracy, told.kappa, told.brier, told.unjudged.value) == (None, None, None, 1.0)


def test_kappa_of_a_judge_that_says_the_same_of_all_is_zero_and_of_one_that_turns_all_round_negative():
    assert cohens_kappa([(True, True), (True, False)]) == 0.0
    assert cohens_kappa([(True, False), (False, True)]) == -1.0
    assert cohens_kappa([(True, True)]) is None


def test_verdicts_without_a_label_twice_or_of_two_judges_are_refused():
    verdicts = verdicts_of(["right", "wrong"])
    truth = truths_of(verdicts, [True, False])
    with pytest.raises(ValueError, match=r"chain 0 \(reason\) of question 'q1' has a verdict and no label"):
        calibrate(verdicts, {key_of(verdicts[0]): True})
    with pytest.raises(ValueError, match="two verdicts"):
        calibrate([*verdicts, verdicts[0]], truth)
    with pytest.raises(ValueError, match="one judge"):
        calibrate([*verdicts[:1], *verdicts_of(["right"], "k")], truth)
    with pytest.raises(ValueError, match="one judge"):
        calibrate([], truth)

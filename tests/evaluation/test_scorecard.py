"""Scorecards against hand-worked shares, statsmodels' Wilson interval, and the properties they must have."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from seewhy.evaluation.intervals import bootstrap_shares, wilson_interval
from seewhy.evaluation.scorecard import scorecard_of
from seewhy.records.measures import Scorecard
from seewhy.records.shards import read_rows, write_shard
from seewhy.records.types import Gold, MatchRule, Outcome, Question, Split, Style, Verdict

RIGHT, WRONG, MUTE, UNKNOWN = Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.UNJUDGED
outcomes = st.lists(st.sampled_from([RIGHT, WRONG, MUTE, UNKNOWN]), min_size=1, max_size=30).filter(
    lambda found: set(found) != {UNKNOWN}
)


def ask(number: int, split: Split = Split.TEST) -> Question:
    kind = "row" if number % 2 else "column"
    return Question(
        id=f"q{number}",
        benchmark="inkgrid",
        split=split,
        text="?",
        gold=Gold(answers=("1",), rule=MatchRule.EXACT),
        facets={"kind": kind, "page": f"p{number}"},
    )


def judge(number: int, outcome: Outcome, style: Style = Style.REASON) -> Verdict:
    return Verdict(question_id=f"q{number}", index=0, style=style, judge="outcome", outcome=outcome)


def score(found: list[Outcome]) -> Scorecard:
    questions = [ask(number) for number in range(len(found))]
    return scorecard_of(questions, [judge(number, outcome) for number, outcome in enumerate(found)], model="tiny")


def test_accuracy_leaves_the_unjudged_out_and_counts_no_answer_as_not_correct() -> None:
    card = score([RIGHT, RIGHT, WRONG, MUTE, UNKNOWN])
    assert card.accuracy.value == 2 / 4
    assert (card.n, card.correct, card.incorrect, card.no_answer, card.unjudged) == (5, 2, 1, 1, 1)
    assert (card.benchmark, card.split, card.style, card.blind) == ("inkgrid", Split.TEST, Style.REASON, False)


def test_the_breakdown_counts_each_facet_value_but_not_the_page() -> None:
    """q0, q2, q4 are columns (correct, incorrect, unjudged), q1, q3 are rows (correct, no answer)."""
    rows = score([RIGHT, RIGHT, WRONG, MUTE, UNKNOWN]).breakdown
    assert [(row.facet, row.value, row.n, row.unjudged) for row in rows] == [
        ("kind", "column", 3, 1),
        ("kind", "row", 2, 0),
    ]
    assert [row.accuracy.value for row in rows if row.accuracy] == [0.5, 0.5]


def test_a_facet_value_of_which_nothing_was_judged_has_no_accuracy() -> None:
    column, row = score([UNKNOWN, RIGHT]).breakdown
    assert column.accuracy is None
    assert row.accuracy is not None


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 40), (40, 40), (7, 30), (511, 1000)])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_wilson_is_the_wilson_of_statsmodels(successes: int, n: int, confidence: float) -> None:
    ours = wilson_interval(successes, n, confidence=confidence)
    assert (ours.low, ours.high) == pytest.approx(
        proportion_confint(successes, n, alpha=1 - confidence, method="wilson"), abs=1e-12
    )
    assert ours.low <= ours.value <= ours.high


def test_wilson_of_five_in_ten_is_the_textbook_one() -> None:
    """With z = 1.96: centre 0.5, half width z / (1 + z^2/10) * sqrt(0.025 + z^2/400) = 0.2634."""
    ours = wilson_interval(5, 10)
    assert (ours.low, ours.high) == pytest.approx((0.2366, 0.7634), abs=1e-4)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 3), (4, 3)])
def test_a_share_of_nothing_is_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="a share needs"):
        wilson_interval(successes, n)


def test_the_bootstrap_agrees_with_the_normal_interval_of_many_questions() -> None:
    """400 questions, half right: standard error 0.5 / 20 = 0.025, so about 0.5 -+ 0.049."""
    (ours,) = bootstrap_shares(np.array([[1.0], [0.0]] * 200), np.ones(400))
    assert (ours.value, ours.low, ours.high) == pytest.approx((0.5, 0.451, 0.549), abs=0.005)


def test_the_bootstrap_of_whole_clusters_is_wider() -> None:
    """40 pictures of 10 questions that share one fate: standard error 0.5 / sqrt(40) = 0.079."""
    (ours,) = bootstrap_shares(np.array([[10.0], [0.0]] * 20), np.full(40, 10.0))
    assert (ours.low, ours.high) == pytest.approx((0.345, 0.655), abs=0.015)


def test_a_drawn_cluster_brings_its_own_number_of_questions() -> None:
    """Pictures of 1 and of 3 questions, all right: whatever is drawn, the share is 1."""
    (ours,) = bootstrap_shares(np.array([[1.0], [3.0]]), np.array([1.0, 3.0]))
    assert (ours.low, ours.high) == (1.0, 1.0)


def test_one_cluster_tells_nothing_of_the_spread() -> None:
    (ours,) = bootstrap_shares(np.array([[3.0]]), np.array([4.0]))
    assert (ours.value, ours.low, ours.high) == (0.75, 0.0, 1.0)


@given(outcomes, st.randoms(use_true_random=False))
def test_the_order_of_questions_and_verdicts_does_not_matter(found: list[Outcome], dice: random.Random) -> None:
    questions = [ask(number) for number in range(len(found))]
    verdicts = [judge(number, outcome) for number, outcome in enumerate(found)]
    straight = scorecard_of(questions, verdicts, model="tiny")
    dice.shuffle(questions)
    dice.shuffle(verdicts)
    assert scorecard_of(questions, verdicts, model="tiny") == straight


@given(outcomes)
def test_one_more_reply_without_an_answer_never_raises_the_accuracy(found: list[Outcome]) -> None:
    assert score([*found, MUTE]).accuracy.value <= score(found).accuracy.value


@given(outcomes)
def test_one_more_unjudged_reply_leaves_the_accuracy_alone(found: list[Outcome]) -> None:
    assert score([*found, UNKNOWN]).accuracy == score(found).accuracy


def test_a_missing_verdict_is_named() -> None:
    with pytest.raises(ValueError, match="no verdict of q1, q2"):
        scorecard_of([ask(0), ask(1), ask(2)], [judge(0, RIGHT)], model="tiny")


def test_a_verdict_of_an_unknown_question_is_named() -> None:
    with pytest.raises(ValueError, match="unknown questions q7"):
        scorecard_of([ask(0)], [judge(0, RIGHT), judge(7, RIGHT)], model="tiny")


def test_two_verdicts_of_one_question_are_refused() -> None:
    with pytest.raises(ValueError, match="more than one verdict of q0"):
        scorecard_of([ask(0)], [judge(0, RIGHT), judge(0, WRONG)], model="tiny")


def test_one_question_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="q0 is there twice"):
        scorecard_of([ask(0), ask(0)], [judge(0, RIGHT)], model="tiny")


def test_two_styles_or_two_splits_are_not_one_scorecard() -> None:
    with pytest.raises(ValueError, match="one style, got direct, reason"):
        scorecard_of([ask(0), ask(1)], [judge(0, RIGHT), judge(1, RIGHT, Style.DIRECT)], model="tiny")
    with pytest.raises(ValueError, match="one split, got test, train"):
        scorecard_of([ask(0), ask(1, Split.TRAIN)], [judge(0, RIGHT), judge(1, RIGHT)], model="tiny")


def test_nothing_judged_is_an_error_and_not_a_zero() -> None:
    with pytest.raises(ValueError, match="all 2 verdicts are unjudged"):
        score([UNKNOWN, UNKNOWN])
    with pytest.raises(ValueError, match="at least one question"):
        score([])


def test_a_scorecard_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    cards = [score([RIGHT, UNKNOWN, WRONG]), score([RIGHT, RIGHT, MUTE, WRONG])]
    write_shard(tmp_path, 0, cards, Scorecard)
    assert list(read_rows(tmp_path, Scorecard)) == cards

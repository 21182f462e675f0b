"""Shares of questions that go together: against statsmodels' cluster-robust errors, by hand, and by simulation."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t
from statsmodels.stats.proportion import proportion_confint

from seewhy.evaluation.intervals import (
    clustered_interval,
    design_effect,
    mean_interval,
    resample_totals,
    share_interval,
    standard_error,
    wilson_interval,
)
from seewhy.evaluation.scorecard import scorecard_of
from seewhy.records.types import Gold, MatchRule, Outcome, Question, Split, Style, Verdict

answers = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=3, max_size=40)


def numbered(keys: list[int]) -> np.ndarray:
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys])


def world(pictures: int, each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Questions of a picture share its ease: right with a chance drawn from a beta of 2 and 1."""
    random = np.random.default_rng(seed)
    ease = np.repeat(random.beta(2, 1, size=pictures), each)
    return random.binomial(1, ease), np.repeat(np.arange(pictures), each)


def test_alone_in_their_pictures_questions_have_wilsons_interval() -> None:
    correct = np.array([1, 0, 1, 1, 0, 1])
    assert clustered_interval(correct, np.arange(6)) == wilson_interval(4, 6)


def test_the_design_effect_of_pictures_with_one_fate_is_worked_by_hand() -> None:
    """Residuals are +-1/2. Alone: 8/4 / 7 * 8 = 16/7. Sums of a picture are +-1: 4 / 3 * 4 = 16/3. Ratio 7/3."""
    correct, cluster = np.array([1, 1, 0, 0, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 2, 2, 3, 3])
    assert design_effect(correct, cluster) == pytest.approx(7 / 3)


def test_the_clustered_interval_is_wilsons_of_as_many_questions_as_the_pictures_are_worth() -> None:
    """8 questions over a design effect of 7/3 are 24/7; the quantile is Student's with 3 degrees of freedom."""
    correct, cluster = np.array([1, 1, 0, 0, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 2, 2, 3, 3])
    found, n, z = clustered_interval(correct, cluster), 24 / 7, float(t.ppf(0.975, 3))
    half = z / (1 + z * z / n) * np.sqrt(0.25 / n + z * z / (4 * n * n))
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5 - half, 0.5 + half))


def test_with_many_pictures_it_is_statsmodels_wilson_of_the_effective_number() -> None:
    correct, cluster = world(2000, 3)
    effective = len(correct) / design_effect(correct, cluster)
    expected = proportion_confint(correct.mean() * effective, effective, method="wilson")
    found = clustered_interval(correct, cluster)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("each", [1, 2, 5])
def test_the_standard_error_is_statsmodels_cluster_robust_one(each: int) -> None:
    """Its small-sample factor is G/(G-1) * (n-1)/(n-k), k = 1: the second part is 1."""
    correct, cluster = world(50, each, seed=each)
    values = correct * 0.7 + 0.1
    fit = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    assert standard_error(values, cluster) == pytest.approx(float(fit.bse[0]))


@pytest.mark.parametrize("each", [1, 4])
def test_the_interval_of_a_mean_is_the_t_interval_of_statsmodels_where_clusters_are_many(each: int) -> None:
    correct, cluster = world(3000, each, seed=each)
    values = correct * 0.7 + 0.1
    fit = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": cluster}, use_t=True)
    low, high = fit.conf_int()[0]
    found = mean_interval(values, cluster)
    assert (found.low, found.high) == pytest.approx((low, high), abs=4e-4)


def score_interval(share: float, n: float, z: float) -> tuple[float, float]:
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    return float(centre - half), float(centre + half)


def test_the_interval_of_a_mean_is_worked_by_hand() -> None:
    """Scores 1, 1, 1/2, 1/2 and the two added, 0 and 1: mean 2/3, squares 3/9 + 2/36 + 4/9 = 5/6.

    The variance is 5/6 * 6/5 / 36 = 1/36, so the six are worth (2/9) / (1/36) = 8 trials and the four 8 * 4/6.
    """
    found = mean_interval(np.array([1, 1, 0.5, 0.5]), np.arange(4))
    expected = score_interval(0.75, 16 / 3, float(t.ppf(0.975, 3)))
    assert (found.value, found.low, found.high) == pytest.approx((0.75, *expected))


def test_a_mean_of_ones_alone_keeps_a_width_that_is_worked_by_hand() -> None:
    """Four ones and the two added: mean 5/6, variance (5/36 + 25/36) * 6/5 / 36 = 1/36: 5 trials, of the four 10/3."""
    found, z = mean_interval(np.ones(4), np.arange(4)), float(t.ppf(0.975, 3))
    assert (found.low, found.high) == pytest.approx((1 / (1 + z * z * 3 / 10), 1.0))


def test_a_ratio_whose_clusters_are_of_other_sizes_is_worked_by_hand() -> None:
    """2 of 2 and 1 of 4; with 0 and 3 of 3 added 6 of 12. Residuals 1, -1, -3/2, 3/2: 13/2 * 4/3 = 26/3."""
    found = share_interval(np.array([2.0, 1.0, 0.0]), np.array([2.0, 4.0, 0.0]))
    expected = score_interval(0.5, 0.25 * 144 / (26 / 3) / 2, float(t.ppf(0.975, 1)))
    assert (found.value, found.low, found.high) == pytest.approx((0.5, *expected))
    with pytest.raises(ValueError, match="at least one member"):
        share_interval(np.zeros(2), np.zeros(2))


@pytest.mark.parametrize("right", [0, 1])
def test_where_all_are_alike_each_picture_counts_once(right: int) -> None:
    """Pictures of 1, 1 and 4 questions: 6^2 / (1 + 1 + 16) = 2 trials; the design effect is 18 / 6."""
    correct, cluster = np.full(6, right), np.array([0, 1, 2, 2, 2, 2])
    assert design_effect(correct, cluster) == 3
    found = clustered_interval(correct, cluster)
    assert (found.low, found.high) == pytest.approx(score_interval(right, 2, float(t.ppf(0.975, 2))))


def test_the_design_effect_is_the_ratio_of_statsmodels_variances() -> None:
    correct, cluster = world(60, 4)
    model = sm.OLS(correct.astype(float), np.ones(len(correct)))
    robust = model.fit(cov_type="cluster", cov_kwds={"groups": cluster}).bse[0]
    assert design_effect(correct, cluster) == pytest.approx(float((robust / model.fit().bse[0]) ** 2))


@pytest.mark.parametrize(("pictures", "each"), [(30, 1), (30, 4), (200, 3)])
def test_the_interval_covers_the_truth_as_often_as_it_says(pictures: int, each: int) -> None:
    """The mean of a beta of 2 and 1 is 2/3; of 400 worlds 95 % must hold it, give or take 3 sigma (3.3 points)."""
    hits = 0
    for seed in range(400):
        found = clustered_interval(*world(pictures, each, seed=seed))
        hits += found.low <= 2 / 3 <= found.high
    assert 0.917 <= hits / 400 <= 0.983


def test_taking_such_questions_as_independent_would_be_wrong_far_more_often() -> None:
    hits = 0
    for seed in range(400):
        correct, _ = world(30, 8, seed=seed)
        found = wilson_interval(int(correct.sum()), len(correct))
        hits += found.low <= 2 / 3 <= found.high
    assert hits / 400 < 0.9


@given(answers)
def test_the_interval_holds_the_share_and_clusters_never_narrow_it(rows: list[tuple[int, int]]) -> None:
    correct, cluster = np.array([right for right, _ in rows]), numbered([key for _, key in rows])
    found, alone = clustered_interval(correct, cluster), wilson_interval(int(correct.sum()), len(correct))
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low >= alone.high - alone.low - 1e-12


def test_one_picture_tells_nothing_and_no_question_is_an_error() -> None:
    found = clustered_interval(np.array([1, 0, 1]), np.zeros(3, dtype=np.int64))
    assert (found.low, found.high) == (0.0, 1.0)
    for interval in (clustered_interval, mean_interval):
        with pytest.raises(ValueError, match="at least one"):
            interval(np.zeros(0), np.zeros(0, dtype=np.int64))


def test_a_bootstrap_in_parts_draws_what_one_in_one_piece_draws() -> None:
    """150 draws of 5 clusters: numpy's multinomial gives the rows one by one, whatever is asked for at once."""
    totals = np.arange(10.0).reshape(5, 2)
    draws = np.random.default_rng(4).multinomial(5, np.full(5, 0.2), size=150)
    assert resample_totals(totals, seed=4, resamples=150) == pytest.approx(draws @ totals)


def ask(number: int) -> Question:
    gold = Gold(answers=("1",), rule=MatchRule.EXACT)
    return Question(id=f"q{number}", benchmark="b", split=Split.TEST, text="?", gold=gold, facets={"kind": "one"})


def say(number: int, outcome: Outcome, score: float | None = None) -> Verdict:
    return Verdict(question_id=f"q{number}", index=0, style=Style.DIRECT, judge="outcome", outcome=outcome, score=score)


def test_a_scorecard_with_pictures_is_wider_in_every_row_and_says_how_many_pictures_there_are() -> None:
    questions = [ask(number) for number in range(12)]
    verdicts = [say(number, Outcome.CORRECT if number < 6 else Outcome.INCORRECT) for number in range(12)]
    alone = scorecard_of(questions, verdicts, model="m")
    pictured = scorecard_of(questions, verdicts, model="m", clusters={f"q{n}": f"p{n // 3}" for n in range(12)})
    assert (alone.clusters, pictured.clusters) == (None, 4)
    assert pictured.accuracy.low < alone.accuracy.low
    assert pictured.breakdown[0].accuracy == pictured.accuracy
    assert (alone.detectable or 1) < (pictured.detectable or 1)


def test_the_mean_score_keeps_half_right_answers_and_counts_no_answer_as_nothing() -> None:
    """0.9, 0.6 and 0.3 of 1, a reply without an answer, and one that nobody could judge: 1.8 of 4."""
    scores = [(Outcome.CORRECT, 0.9), (Outcome.CORRECT, 0.6), (Outcome.INCORRECT, 0.3), (Outcome.NO_ANSWER, None)]
    verdicts = [say(number, *found) for number, found in enumerate([*scores, (Outcome.UNJUDGED, None)])]
    card = scorecard_of([ask(number) for number in range(5)], verdicts, model="m")
    assert card.accuracy.value == 0.5
    assert card.score is not None
    assert card.score.value == pytest.approx(1.8 / 4)


def test_a_breakdown_counts_the_replies_without_an_answer() -> None:
    verdicts = [say(0, Outcome.NO_ANSWER), say(1, Outcome.CORRECT), say(2, Outcome.UNJUDGED)]
    (row,) = scorecard_of([ask(number) for number in range(3)], verdicts, model="m").breakdown
    assert (row.n, row.no_answer, row.unjudged) == (3, 1, 1)


@pytest.mark.parametrize(("questions", "points"), [(200, 3.8), (10, 51.7)])
def test_where_nothing_is_right_a_gain_can_be_seen(questions: int, points: float) -> None:
    verdicts = [say(number, Outcome.INCORRECT) for number in range(questions)]
    card = scorecard_of([ask(number) for number in range(questions)], verdicts, model="m")
    assert round(100 * (card.detectable or 0), 1) == points


def test_where_nothing_is_right_questions_of_one_picture_see_what_their_pictures_see() -> None:
    questions, verdicts = [ask(n) for n in range(40)], [say(n, Outcome.INCORRECT) for n in range(40)]
    card = scorecard_of(questions, verdicts, model="m", clusters={f"q{n}": f"p{n // 4}" for n in range(40)})
    assert round(100 * (card.detectable or 0), 1) == 51.7


def test_where_all_is_right_no_gain_can_be_seen() -> None:
    card = scorecard_of([ask(0), ask(1)], [say(0, Outcome.CORRECT), say(1, Outcome.CORRECT)], model="m")
    assert card.detectable is None

"""Paired comparisons against statsmodels' McNemar, hand-worked intervals, and coverage measured by simulation."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import power_proportions_2indep

from seewhy.evaluation.compare import paired_difference, sign_flip_p
from seewhy.evaluation.paired_power import minimal_paired_difference
from seewhy.evaluation.power import minimal_detectable_difference
from seewhy.records.types import Outcome, Style, Verdict

RIGHT, WRONG, MUTE, UNKNOWN = Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.UNJUDGED
pairs_of_outcomes = st.lists(
    st.tuples(st.sampled_from([RIGHT, WRONG, MUTE]), st.sampled_from([RIGHT, WRONG, MUTE])), min_size=2, max_size=40
)


def judge_all(outcomes: Sequence[Outcome]) -> list[Verdict]:
    return [
        Verdict(question_id=f"q{number}", index=0, style=Style.REASON, judge="outcome", outcome=outcome)
        for number, outcome in enumerate(outcomes)
    ]


def changed(gained: int, lost: int, same: int) -> tuple[list[Verdict], list[Verdict]]:
    first = [WRONG] * gained + [RIGHT] * lost + [RIGHT] * same
    second = [RIGHT] * gained + [WRONG] * lost + [RIGHT] * same
    return judge_all(first), judge_all(second)


def test_the_difference_is_the_second_share_minus_the_first() -> None:
    found = paired_difference(*changed(6, 2, 12))
    assert found.difference == pytest.approx((6 - 2) / 20)
    assert (found.gained, found.lost, found.n, found.unjudged) == (6, 2, 20, 0)


def test_the_interval_is_bonett_and_prices() -> None:
    """(7 + 3) / 22 changed with one pseudo-question each way, centre 4/22, variance (10/22 - (4/22)^2) / 22."""
    found = paired_difference(*changed(6, 2, 12))
    half = float(t.ppf(0.975, 19)) * math.sqrt((10 / 22 - (4 / 22) ** 2) / 22)
    assert (found.low, found.high) == pytest.approx((4 / 22 - half, 4 / 22 + half))


def test_where_nobody_changed_the_interval_still_has_a_width() -> None:
    found = paired_difference(*changed(0, 0, 30))
    assert found.low < -0.05 < 0.05 < found.high
    assert found.p_value == 1.0


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (6, 2), (3, 9), (40, 21), (5, 5)])
def test_the_p_value_of_independent_questions_is_mcnemars_exact_one(gained: int, lost: int) -> None:
    expected = mcnemar([[5, gained], [lost, 5]], exact=True).pvalue if gained + lost else 1.0  # pyright: ignore[reportAttributeAccessIssue]
    assert paired_difference(*changed(gained, lost, 10)).p_value == pytest.approx(expected)


def test_the_p_value_of_clusters_flips_whole_clusters() -> None:
    """Gains 2, 1, -1: of the 8 sign choices of (2, 1, 1) the totals 4, 2, 2, 0 and their negatives; 6 reach 2."""
    assert sign_flip_p([2, 1, -1]) == pytest.approx(6 / 8)
    assert sign_flip_p([2, 1, 1, 0]) == pytest.approx(2 / 8)


def test_clusters_of_like_changes_widen_the_interval() -> None:
    """5 pictures gain all 4 questions, 5 stay: design effect 4 (n - 1) / n * m / (m - 1) for m = 10 pictures.

    Divided by it, 40 questions with 20 gains are n = 120 / 13 with 60 / 13: Bonett and Price's of these.
    """
    first, second = changed(20, 0, 20)
    alone = paired_difference(first, second)
    together = paired_difference(first, second, clusters={f"q{number}": str(number // 4) for number in range(40)})
    effect = 4 * (39 / 40) * (10 / 9)
    n = 40 / effect + 2
    gained, lost = (20 / effect + 1) / n, 1 / n
    half = float(t.ppf(0.975, 9)) * math.sqrt((gained + lost - (gained - lost) ** 2) / n)
    assert (together.low, together.high) == pytest.approx((gained - lost - half, gained - lost + half))
    assert alone.p_value < together.p_value == pytest.approx(2 * 0.5**5)


def test_where_nobody_changed_pictures_count_and_not_their_questions() -> None:
    """30 pictures of 4 questions without a change say what 30 questions say, but for Student's degrees."""
    alone = paired_difference(*changed(0, 0, 30))
    together = paired_difference(
        *changed(0, 0, 120), clusters={f"q{number}": str(number // 4) for number in range(120)}
    )
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))


def test_one_cluster_alone_says_nothing() -> None:
    first, second = changed(3, 0, 1)
    found = paired_difference(first, second, clusters=dict.fromkeys(["q0", "q1", "q2", "q3"], "page"))
    assert (found.low, found.high, found.p_value) == (-1.0, 1.0, 1.0)


def test_a_question_unjudged_on_one_side_is_left_out_and_counted() -> None:
    found = paired_difference(judge_all([RIGHT, WRONG, UNKNOWN, WRONG]), judge_all([RIGHT, UNKNOWN, RIGHT, RIGHT]))
    assert (found.n, found.unjudged, found.difference) == (2, 2, 0.5)


def test_a_reply_without_an_answer_is_not_correct() -> None:
    assert paired_difference(judge_all([RIGHT, MUTE]), judge_all([MUTE, MUTE])).lost == 1


@given(pairs_of_outcomes)
def test_swapping_the_sides_flips_the_sign(outcomes: list[tuple[Outcome, Outcome]]) -> None:
    first, second = (judge_all(side) for side in zip(*outcomes, strict=True))
    there, back = paired_difference(first, second), paired_difference(second, first)
    assert back.difference == pytest.approx(-there.difference)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert back.p_value == pytest.approx(there.p_value)


@given(pairs_of_outcomes)
def test_the_interval_holds_the_difference(outcomes: list[tuple[Outcome, Outcome]]) -> None:
    found = paired_difference(*(judge_all(side) for side in zip(*outcomes, strict=True)))
    assert -1 <= found.low <= found.difference <= found.high <= 1


@pytest.mark.parametrize("size", [1, 3])
def test_the_interval_covers_the_truth_as_often_as_it_says(size: int) -> None:
    """40 pictures of `size` questions with one fate, 20 % gain, 10 % lose: 200 worlds, truth 0.1, 95 % -+ 3 sigma."""
    random = np.random.default_rng(7)
    clusters = {f"q{number}": str(number // size) for number in range(40 * size)}
    hits = 0
    for gained, lost, same in random.multinomial(40, [0.2, 0.1, 0.7], size=200):
        first, second = changed(int(gained) * size, int(lost) * size, int(same) * size)
        found = paired_difference(first, second, clusters=clusters)
        hits += found.low <= 0.1 <= found.high
    assert 0.904 <= hits / 200 <= 0.996


def test_other_questions_on_the_two_sides_are_named() -> None:
    with pytest.raises(ValueError, match="only one side has a verdict of q2"):
        paired_difference(judge_all([RIGHT, RIGHT]), judge_all([RIGHT, RIGHT, RIGHT]))


def test_a_question_without_a_cluster_is_named() -> None:
    with pytest.raises(ValueError, match="no entry for q1"):
        paired_difference(judge_all([RIGHT, RIGHT]), judge_all([RIGHT, RIGHT]), clusters={"q0": "page"})


def test_nothing_judged_on_both_sides_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        paired_difference(judge_all([RIGHT, UNKNOWN]), judge_all([UNKNOWN, RIGHT]))


@pytest.mark.parametrize(("n", "p"), [(100, 0.5), (1000, 0.3), (4000, 0.7)])
def test_the_detectable_difference_of_two_samples_has_the_power_statsmodels_gives_it(n: int, p: float) -> None:
    gain = minimal_detectable_difference(n, p)
    assert gain is not None
    assert float(np.asarray(power_proportions_2indep(gain, p, n, return_results=False))) == pytest.approx(0.8, abs=2e-3)


@pytest.mark.parametrize(("n", "share"), [(60, 0.3), (200, 0.1), (600, 0.2), (3000, 0.05)])
def test_the_detectable_difference_of_pairs_is_found_in_four_of_five_worlds(n: int, share: float) -> None:
    """By the exact test that the comparison itself makes: of 20,000 worlds 80 %, give or take 3 sigma."""
    gain = minimal_paired_difference(n, share)
    assert gain is not None
    worlds = np.random.default_rng(3).multinomial(n, [(share + gain) / 2, (share - gain) / 2, 1 - share], size=20_000)
    counts, times = np.unique(worlds[:, :2], axis=0, return_counts=True)
    found = sum(
        int(count) for (gained, lost), count in zip(counts, times, strict=True)
        if sign_flip_p([1] * int(gained) + [-1] * int(lost)) <= 0.05
    )  # fmt: skip
    assert found / 20_000 == pytest.approx(0.8, abs=0.0085)


def test_pairs_of_shared_pictures_are_found_in_four_of_five_worlds() -> None:
    """80 pictures of 3 questions with one fate: what the comparison says it can see, put into new worlds."""
    clusters = {f"q{number}": str(number // 3) for number in range(240)}
    gain = paired_difference(*changed(36, 36, 168), clusters=clusters).detectable
    assert gain is not None
    worlds = np.random.default_rng(4).multinomial(80, [(0.3 + gain) / 2, (0.3 - gain) / 2, 0.7], size=2000)
    found = sum(sign_flip_p([3] * int(gained) + [-3] * int(lost)) <= 0.05 for gained, lost, _ in worlds)
    assert found / 2000 == pytest.approx(0.8, abs=0.03)


def test_six_changes_all_one_way_are_the_fewest_that_can_be_seen() -> None:
    """2 / 2^6 = 0.031 and 2 / 2^5 = 0.0625; where every pair changes, six of six must go one way."""
    assert minimal_paired_difference(5, 1.0) is None
    gain = minimal_paired_difference(6, 1.0)
    assert gain is not None
    ahead = (1 + gain) / 2
    assert ahead**6 + (1 - ahead) ** 6 == pytest.approx(0.8)


def test_pairing_sees_smaller_differences_when_few_answers_change() -> None:
    paired, separate = minimal_paired_difference(500, 0.1), minimal_detectable_difference(500, 0.5)
    assert paired is not None
    assert separate is not None
    assert paired < separate / 2


def test_too_few_questions_detect_nothing() -> None:
    assert minimal_detectable_difference(5, 0.9) is None
    assert minimal_paired_difference(20, 0.1) is None


def test_where_nothing_is_right_or_nobody_changed_the_ends_have_values() -> None:
    assert [round(100 * (minimal_detectable_difference(n, 0.0) or 0), 1) for n in (200, 10)] == [3.8, 51.7]
    assert minimal_detectable_difference(200, 1.0) is None
    assert minimal_paired_difference(200, 0.0) is None


@pytest.mark.parametrize(("p", "power"), [(-0.1, 0.8), (1.1, 0.8), (0.5, 0.01), (0.5, 1.0)])
def test_impossible_odds_are_refused(p: float, power: float) -> None:
    for find in (minimal_detectable_difference, minimal_paired_difference):
        with pytest.raises(ValueError, match="0 <= p <= 1"):
            find(100, p, power=power)

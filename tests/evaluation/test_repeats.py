"""Several samples a question: by hand, against enumeration of all subsets, and what must hold for any samples."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.evaluation.curves import curve_points, pass_at_k
from seewhy.evaluation.repeats import sizes_of, summarise_repeats
from seewhy.records.measures import Selection
from seewhy.records.types import Outcome, Style, Verdict

RIGHT, WRONG, MUTE, UNKNOWN = Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.UNJUDGED


def say(question: str, outcomes: list[Outcome], answers: str = "") -> list[Verdict]:
    told = answers or "".join({RIGHT: "r", WRONG: "w", MUTE: " ", UNKNOWN: "u"}[one] for one in outcomes)
    return [
        Verdict(question_id=question, index=index, style=Style.REASON, judge="outcome", outcome=outcome,
                answer=answer.strip() or None)
        for index, (outcome, answer) in enumerate(zip(outcomes, told, strict=True))
    ]  # fmt: skip


def same(text: str) -> str:
    return text


def curve(verdicts: list[Verdict], method: Selection) -> dict[int, float]:
    return {p.n: p.value for p in summarise_repeats(verdicts, normalise=same).curves if p.method is method}


def test_the_mean_the_samples_and_their_spread_are_worked_by_hand() -> None:
    """q0 1 of 3, q1 3 of 3: mean 2/3; samples 1, 1/2, 1/2 with deviation sqrt(1/12)."""
    found = summarise_repeats([*say("q0", [RIGHT, WRONG, MUTE]), *say("q1", [RIGHT] * 3)], normalise=same)
    assert found.accuracy.value == pytest.approx(2 / 3)
    assert found.each == pytest.approx((1.0, 0.5, 0.5))
    assert found.deviation == pytest.approx(np.sqrt(1 / 12))
    assert (found.samples, found.n, found.no_answer, found.unjudged) == (3, 2, 1, 0)


@pytest.mark.parametrize(("n", "correct", "k"), [(5, 2, 2), (8, 3, 4), (6, 0, 3), (6, 6, 1), (10, 1, 10)])
def test_pass_at_k_is_the_share_of_subsets_with_a_right_one(n: int, correct: int, k: int) -> None:
    subsets = list(itertools.combinations(range(n), k))
    held = sum(any(index < correct for index in subset) for subset in subsets)
    assert pass_at_k(n, correct, k) == pytest.approx(held / len(subsets))


def test_pass_at_k_is_the_product_form_that_its_paper_gives() -> None:
    """Chen et al. 2021, figure 3: 1 - prod(1 - k / arange(n - c + 1, n + 1))."""
    for n, correct, k in itertools.product([10, 20], [1, 4, 9], [1, 3, 10]):
        paper = 1.0 if n - correct < k else 1 - np.prod(1 - k / np.arange(n - correct + 1, n + 1))
        assert pass_at_k(n, correct, k) == pytest.approx(float(paper))


def test_majority_of_all_is_the_most_frequent_answer() -> None:
    rows = [*say("q0", [RIGHT, WRONG, RIGHT]), *say("q1", [WRONG, WRONG, RIGHT], "xyz")]
    assert curve(rows, Selection.SELF_CONSISTENCY)[3] == 0.5, "q1 has three answers, and a tie goes to the first"
    assert curve(rows, Selection.PASS_AT_K)[3] == 1.0


def test_majority_of_two_is_that_of_all_six_subsets() -> None:
    """Of r r w w one pair is right, one wrong, and four are ties, which go to the earlier: 5 of 6."""
    assert curve(say("q0", [RIGHT, RIGHT, WRONG, WRONG]), Selection.SELF_CONSISTENCY)[2] == pytest.approx(5 / 6)


def test_where_subsets_are_many_random_ones_come_near_the_exact_share() -> None:
    """C(16, 8) = 12,870 subsets; 6 of 16 right, 10 wrong alike: 4 of 8 win, ties first."""
    exact = sum(math.comb(6, right) * math.comb(10, 8 - right) for right in range(4, 7)) / math.comb(16, 8)
    found = curve(say("q0", [RIGHT] * 6 + [WRONG] * 10), Selection.SELF_CONSISTENCY)[8]
    assert found == pytest.approx(exact, abs=0.05)


def test_majority_of_one_and_pass_at_one_are_the_accuracy() -> None:
    rows = [*say("q0", [RIGHT, WRONG, MUTE, WRONG]), *say("q1", [RIGHT, RIGHT, MUTE, WRONG])]
    found = summarise_repeats(rows, normalise=same)
    assert [p.value for p in found.curves if p.n == 1] == pytest.approx([found.accuracy.value] * 2)


@given(st.lists(st.lists(st.sampled_from([RIGHT, WRONG, MUTE]), min_size=4, max_size=4), min_size=1, max_size=8))
def test_pass_at_k_grows_with_k_and_no_vote_beats_it(groups: list[list[Outcome]]) -> None:
    rows = [verdict for number, group in enumerate(groups) for verdict in say(f"q{number}", group)]
    passed, voted = curve(rows, Selection.PASS_AT_K), curve(rows, Selection.SELF_CONSISTENCY)
    assert passed[1] <= passed[2] + 1e-12 <= passed[4] + 2e-12
    assert all(voted[size] <= passed[size] + 1e-12 for size in (1, 2, 4))


def test_a_question_with_an_unjudged_sample_is_left_out_and_counted() -> None:
    facets = {"q0": {"kind": "odd"}, "q1": {"kind": "odd"}}
    rows = [*say("q0", [RIGHT, UNKNOWN]), *say("q1", [RIGHT, WRONG])]
    found = summarise_repeats(rows, normalise=same, facets=facets)
    assert (found.n, found.unjudged, found.accuracy.value) == (1, 1, 0.5)
    (row,) = found.breakdown
    assert (row.facet, row.value, row.n, row.unjudged, row.accuracy.value if row.accuracy else None) == (
        "kind", "odd", 2, 1, 0.5,
    )  # fmt: skip


def test_what_samples_of_200_questions_can_see_is_found_in_four_of_five_worlds() -> None:
    """Two models on separate questions of chance 0.5 and 0.5 + d, 4 samples each, compared by a z test."""
    random = np.random.default_rng(1)

    def draw(chance: float) -> np.ndarray:
        return random.binomial(4, np.clip(random.normal(chance, 0.2, size=200), 0, 1)) / 4

    rows = [
        verdict for number, share in enumerate(draw(0.5))
        for verdict in say(f"q{number}", [RIGHT] * round(share * 4) + [WRONG] * round(4 - share * 4))
    ]  # fmt: skip
    gain = summarise_repeats(rows, normalise=same).detectable
    assert gain is not None
    hits = 0
    for _ in range(2000):
        one, two = draw(0.5), draw(0.5 + gain)
        hits += abs(two.mean() - one.mean()) > 1.96 * np.sqrt(one.var() / 200 + two.var() / 200)
    assert hits / 2000 == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("outcome", [RIGHT, WRONG])
def test_where_all_samples_are_alike_no_interval_is_certain(outcome: Outcome) -> None:
    """Of 30 questions that all come out alike neither 100 nor 0 % is sure: one in thirty may well be otherwise."""
    found = summarise_repeats([row for n in range(30) for row in say(f"q{n}", [outcome] * 4)], normalise=same)
    spans = [(found.accuracy.low, found.accuracy.high), *((point.low, point.high) for point in found.curves)]
    low, high = (28 / 30, 1.0) if outcome is RIGHT else (0.0, 2 / 30)
    assert all(one <= low and high <= other for one, other in spans)
    assert all(other - one < 0.2 for one, other in spans)


def test_where_no_sample_is_right_a_gain_can_be_seen_as_of_one_sample() -> None:
    found = summarise_repeats([row for n in range(200) for row in say(f"q{n}", [WRONG] * 4)], normalise=same)
    assert round(100 * (found.detectable or 0), 1) == 3.8


@pytest.mark.parametrize(("questions", "ease"), [(30, (2, 0.2)), (100, (1, 0.05)), (100, (3, 1)), (30, (0.5, 0.5))])
def test_the_interval_of_pass_at_k_holds_the_truth_near_100_per_cent_too(
    questions: int, ease: tuple[float, float]
) -> None:
    """8 samples of questions whose ease is a beta's: pass@4 is 1 - E (1 - p)^4, and 95 % of 300 worlds hold it."""
    random, (right, wrong) = np.random.default_rng(6), ease
    truth = 1 - math.prod((wrong + step) / (right + wrong + step) for step in range(4))
    hits = 0
    for _ in range(300):
        counts = random.binomial(8, random.beta(right, wrong, size=questions))
        values = np.array([[pass_at_k(8, int(count), 4)] for count in counts])
        (point,) = curve_points([(Selection.PASS_AT_K, 4)], values, np.arange(questions))
        hits += point.low <= truth <= point.high
    assert hits / 300 >= 0.91


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (say("q0", [RIGHT]), "there is one at most"),
        (say("q0", [RIGHT, WRONG]) + say("q1", [RIGHT]), "1 questions have fewer than the 2 samples"),
        (say("q0", [UNKNOWN, RIGHT]), "all 1 questions have an unjudged sample"),
    ],
)  # fmt: skip
def test_samples_that_cannot_be_summed_up_are_refused(rows: list[Verdict], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        summarise_repeats(rows, normalise=same)


def test_sizes_end_with_all_samples() -> None:
    assert [sizes_of(samples) for samples in (1, 2, 6, 8)] == [(1,), (1, 2), (1, 2, 4, 6), (1, 2, 4, 8)]

"""Curves over the number of chains: exact ends, the same subsets for all, and pass@k by enumeration."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.evaluation.curves import draw_orders, pass_at_k, rerank_curves
from seewhy.evaluation.rerank import Candidate, best_of_n, self_consistency, weighted_vote
from seewhy.records.measures import CurvePoint, Selection
from seewhy.records.types import Outcome

CHOICES = {
    Selection.SELF_CONSISTENCY: self_consistency,
    Selection.BEST_OF_N: best_of_n,
    Selection.WEIGHTED_VOTE: weighted_vote,
}


def make_groups(seed: int, questions: int, candidates: int) -> dict[str, list[Candidate]]:
    """Answer "0" is right; right chains have rewards one higher on average."""
    random = np.random.default_rng(seed)
    return {
        f"q{number}": [
            Candidate(
                answer=None if answer == 4 else str(answer),
                outcome=Outcome.CORRECT if answer == 0 else Outcome.INCORRECT,
                reward=float(random.normal()) + (answer == 0),
            )
            for answer in random.choice(5, size=candidates, p=[0.35, 0.25, 0.2, 0.1, 0.1]).tolist()
        ]
        for number in range(questions)
    }


def find(points: tuple[CurvePoint, ...], method: Selection, n: int) -> CurvePoint:
    return next(point for point in points if (point.method, point.n) == (method, n))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4), st.sampled_from([1, 3, 16, 40]))
def test_one_chain_is_the_mean_accuracy_for_every_method(seed: int, questions: int, candidates: int) -> None:
    groups = make_groups(seed, questions, candidates)
    right = [candidate.outcome is Outcome.CORRECT for group in groups.values() for candidate in group]
    for point in rerank_curves(groups, sizes=(1,)):
        assert point.value == pytest.approx(sum(right) / len(right))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_all_chains_are_one_choice_a_question(seed: int) -> None:
    groups = make_groups(seed, 5, 8)
    points = rerank_curves(groups, sizes=(8,))
    for method, choose in CHOICES.items():
        right = [group[choose(group)].outcome is Outcome.CORRECT for group in groups.values()]
        assert find(points, method, 8).value == pytest.approx(sum(right) / 5)


def test_many_subsets_come_near_the_mean_over_all_of_them() -> None:
    (group,) = make_groups(4, 1, 7).values()
    everything = [[group[member] for member in members] for members in combinations(range(7), 3)]
    points = rerank_curves({"q": group}, sizes=(3,), subsets=7000)
    for method, choose in CHOICES.items():
        right = [subset[choose(subset)].outcome is Outcome.CORRECT for subset in everything]
        assert find(points, method, 3).value == pytest.approx(sum(right) / len(right), abs=0.02)


@given(st.integers(1, 40), st.integers(1, 64), st.data())
def test_every_candidate_is_in_equally_many_subsets(candidates: int, subsets: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, candidates))
    orders = draw_orders("q", candidates, subsets, 0)
    assert len(orders) >= subsets
    assert set(Counter(orders[:, :size].ravel().tolist()).values()) == {len(orders) * size // candidates}


def test_subsets_depend_on_the_seed_and_the_question_alone() -> None:
    assert (draw_orders("q", 9, 18, 1) == draw_orders("q", 9, 18, 1)).all()
    assert (draw_orders("q", 9, 18, 1) != draw_orders("q", 9, 18, 2)).any()
    assert (draw_orders("q", 9, 18, 1) != draw_orders("r", 9, 18, 1)).any()


def test_the_order_of_the_questions_does_not_matter() -> None:
    groups = make_groups(1, 12, 8)
    assert rerank_curves(groups, sizes=(2, 4)) == rerank_curves(dict(reversed(groups.items())), sizes=(2, 4))


def test_no_choice_beats_pass_at_k() -> None:
    points = rerank_curves(make_groups(2, 40, 16))
    for size in (1, 2, 4, 8, 16):
        bound = find(points, Selection.PASS_AT_K, size).value
        # Random subsets scatter around what pass@k states exactly.
        assert all(find(points, method, size).value <= bound + 0.02 for method in CHOICES)


def test_a_verifier_that_knows_something_gains_from_more_chains() -> None:
    points = rerank_curves(make_groups(3, 150, 16))
    best = [find(points, Selection.BEST_OF_N, size).value for size in (1, 4, 16)]
    assert best[0] + 0.1 < best[1] < best[2]


def test_questions_of_one_picture_widen_the_interval() -> None:
    """Each question four times over: the same shares, half the precision that 4 n questions would pretend."""
    groups = make_groups(5, 120, 8)
    copies = {f"{name}/{copy}": group for name, group in groups.items() for copy in range(4)}
    pictures = {name: name.split("/")[0] for name in copies}
    alone = find(rerank_curves(copies, sizes=(1,)), Selection.BEST_OF_N, 1)
    together = find(rerank_curves(copies, sizes=(1,), clusters=pictures), Selection.BEST_OF_N, 1)
    assert together.value == pytest.approx(alone.value)
    assert (together.high - together.low) / (alone.high - alone.low) == pytest.approx(2.0, rel=0.15)


@pytest.mark.parametrize(("n", "correct"), [(1, 0), (1, 1), (6, 0), (6, 2), (6, 5), (6, 6)])
def test_pass_at_k_is_the_share_of_subsets_with_a_correct_chain(n: int, correct: int) -> None:
    for k in range(1, n + 1):
        subsets = list(combinations([True] * correct + [False] * (n - correct), k))
        assert pass_at_k(n, correct, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


def test_pass_at_more_than_there_is_is_refused() -> None:
    with pytest.raises(ValueError, match="1 <= k <= n"):
        pass_at_k(4, 1, 5)


def test_too_few_or_unjudged_candidates_are_named() -> None:
    with pytest.raises(ValueError, match="question q0 has 4 candidates"):
        rerank_curves(make_groups(0, 1, 4), sizes=(8,))
    unjudged = Candidate(answer="1", outcome=Outcome.UNJUDGED, reward=0.0)
    with pytest.raises(ValueError, match="question q: candidate 0 is unjudged"):
        rerank_curves({"q": [unjudged]}, sizes=(1,))
    with pytest.raises(ValueError, match="at least one question"):
        rerank_curves({})

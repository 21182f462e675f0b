"""How accuracy grows with the number of chains, for each way to choose among them."""

import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np

from seewhy.evaluation.intervals import Bools, Floats, Ints, mean_interval, number_clusters
from seewhy.evaluation.rerank import Candidate, best_within, vote_within
from seewhy.evaluation.scorecard import is_correct
from seewhy.records.measures import CurvePoint, Selection

SIZES = (1, 2, 4, 8, 16)


def rerank_curves(
    groups: Mapping[str, Sequence[Candidate]],
    *,
    sizes: Sequence[int] = SIZES,
    subsets: int = 32,
    temperature: float = 1.0,
    seed: int = 0,
    clusters: Mapping[str, str] | None = None,
) -> tuple[CurvePoint, ...]:
    """Expected accuracy of each selection at each size, with 95 % intervals over the questions.

    The methods see the same subsets. pass@k needs none: it is the closed form over all subsets.

    Args:
        groups: question id to its candidates.
        sizes: numbers of chains to choose among.
        subsets: subsets a question and size, rounded up to a multiple of its number of candidates.
        temperature: of the weighted vote, in units of the reward.
        seed: of the subsets.
        clusters: question id to the key of its cluster, such as its picture.

    Raises:
        ValueError: no questions, a question with fewer candidates than the largest size, or an UNJUDGED candidate.
    """
    if not groups:
        raise ValueError("re-ranking curves need at least one question")
    ids = sorted(groups)
    values = np.array([_question_values(name, groups[name], sizes, subsets, temperature, seed) for name in ids])
    points = [(method, size) for method in Selection for size in sizes]
    return curve_points(points, values, number_clusters(ids, clusters))


def curve_points(points: Sequence[tuple[Selection, int]], values: Floats, cluster: Ints) -> tuple[CurvePoint, ...]:
    """The mean of each column of `values`, shape (questions, points), with its 95 % interval over the clusters."""
    shares = [mean_interval(column, cluster) for column in values.T]
    return tuple(
        CurvePoint(method=method, n=size, value=share.value, low=share.low, high=share.high)
        for (method, size), share in zip(points, shares, strict=True)
    )


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Chance that k of n chains, drawn without replacement, hold a correct one: 1 - C(n - c, k) / C(n, k).

    The unbiased estimator of Chen et al. 2021 (arXiv 2107.03374), equation 1.

    Raises:
        ValueError: not 1 <= k <= n, or not 0 <= correct <= n.
    """
    if not (1 <= k <= n and 0 <= correct <= n):
        raise ValueError(f"pass@k needs 1 <= k <= n and 0 <= correct <= n, got n={n}, correct={correct}, k={k}")
    return 1 - math.comb(n - correct, k) / math.comb(n, k)


def draw_orders(question_id: str, candidates: int, subsets: int, seed: int) -> Ints:
    """Orders of a question's candidates whose first n entries are its random subsets of size n.

    Each seeded shuffle is used in all its rotations. So every candidate is in equally many subsets of each
    size: one chain's accuracy is exact, and the smaller subsets are within the larger ones.

    Returns:
        Candidate indices, shape (at least `subsets`, candidates).
    """
    address = hashlib.sha256(f"{seed}/{question_id}".encode()).digest()
    random = np.random.default_rng(int.from_bytes(address[:8], "big"))
    shuffles = [random.permutation(candidates) for _ in range(math.ceil(subsets / candidates))]
    return np.array([np.roll(shuffle, -turn) for shuffle in shuffles for turn in range(candidates)], dtype=np.int64)


def _question_values(
    question_id: str, candidates: Sequence[Candidate], sizes: Sequence[int], subsets: int, temperature: float, seed: int
) -> Floats:
    """Expected correctness, shape (methods * sizes,), in the order of `Selection` and then of `sizes`."""
    if not 1 <= min(sizes) <= max(sizes) <= len(candidates):
        raise ValueError(
            f"question {question_id} has {len(candidates)} candidates for sizes {tuple(sizes)}; sample more chains"
        )
    orders = draw_orders(question_id, len(candidates), subsets, seed)
    correct = _correctness(question_id, candidates)
    drawn = [_membership(orders, size) for size in sizes]
    right = int(correct.sum())
    values = {
        Selection.SELF_CONSISTENCY: [correct[vote_within(candidates, subset, math.inf)].mean() for subset in drawn],
        Selection.BEST_OF_N: [correct[best_within(candidates, subset)].mean() for subset in drawn],
        Selection.WEIGHTED_VOTE: [correct[vote_within(candidates, subset, temperature)].mean() for subset in drawn],
        Selection.PASS_AT_K: [pass_at_k(len(candidates), right, size) for size in sizes],
    }
    return np.array([value for method in Selection for value in values[method]], dtype=np.float64)


def _correctness(question_id: str, candidates: Sequence[Candidate]) -> Floats:
    found = [is_correct(candidate.outcome) for candidate in candidates]
    if None in found:
        raise ValueError(
            f"question {question_id}: candidate {found.index(None)} is unjudged; judge it again or leave it out"
        )
    return np.array(found, dtype=np.float64)


def _membership(orders: Ints, size: int) -> Bools:
    member = np.zeros(orders.shape, dtype=np.bool_)
    np.put_along_axis(member, orders[:, :size], True, axis=1)
    return member

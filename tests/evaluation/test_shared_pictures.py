"""Coverage at the ends: pictures whose questions share one fate, where nearly all is right or nothing is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from seewhy.evaluation.intervals import clustered_interval, mean_interval, wilson_interval


def coverage(pictures: int, each: int, chance: float) -> float:
    """Exact: the interval of each number of right pictures, by how likely that number is."""
    cluster = np.repeat(np.arange(pictures), each)
    held = 0.0
    for right in range(pictures + 1):
        found = clustered_interval(np.repeat(np.arange(pictures) < right, each).astype(np.int64), cluster)
        held += float(binom.pmf(right, pictures, chance)) * (found.low <= chance <= found.high)
    return held


def wilsons(n: int, chance: float) -> float:
    """The same of as many independent questions as there are pictures."""
    spans = [wilson_interval(right, n) for right in range(n + 1)]
    return sum(float(binom.pmf(right, n, chance)) * (one.low <= chance <= one.high) for right, one in enumerate(spans))


@pytest.mark.parametrize("chance", [0.9, 0.95, 0.98, 0.99, 0.995, 0.02, 0.1])
@pytest.mark.parametrize(("pictures", "each"), [(20, 5), (50, 4), (200, 3)])
def test_shared_pictures_hold_the_truth_as_often_as_independent_questions(
    pictures: int, each: int, chance: float
) -> None:
    assert coverage(pictures, each, chance) >= min(0.95, wilsons(pictures, chance)) - 1e-9
    assert coverage(pictures, each, chance) >= 0.89


@pytest.mark.parametrize(("each", "ease"), [(5, (4, 0.2)), (4, (20, 1)), (3, (1, 0.05))])
def test_means_of_partly_shared_pictures_hold_the_truth_near_the_end(each: int, ease: tuple[float, float]) -> None:
    """30 pictures; the ease of each is a beta's whose mean is 0.952: of 400 worlds at least 95 % less 3 sigma."""
    random, (right, wrong) = np.random.default_rng(9), ease
    cluster, hits = np.repeat(np.arange(30), each), 0
    for _ in range(400):
        values = random.binomial(1, np.repeat(random.beta(right, wrong, size=30), each)).astype(np.float64)
        found = mean_interval(values, cluster)
        hits += found.low <= right / (right + wrong) <= found.high
    assert hits / 400 >= 0.917


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5)), min_size=1, max_size=30))
def test_an_interval_of_a_mean_lies_in_0_to_1_holds_the_mean_and_is_never_certain(
    rows: list[tuple[float, int]],
) -> None:
    numbers = {key: number for number, key in enumerate(dict.fromkeys(key for _, key in rows))}
    found = mean_interval(np.array([value for value, _ in rows]), np.array([numbers[key] for _, key in rows]))
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low > 0.05

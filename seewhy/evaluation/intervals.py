"""Intervals around shares: Wilson's for counts, a clustered bootstrap for means."""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from seewhy.records.measures import Interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NAMED_IDS = 5


def wilson_interval(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """The score interval of a share (Wilson 1927); it assumes that the `n` trials are independent.

    Raises:
        ValueError: `n` is 0, or `successes` is not between 0 and `n`.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"a share needs 0 <= successes <= n and n > 0, got {successes} of {n}")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At 0 and at n successes one end is exact in theory and off by one rounding in floats.
    return Interval(value=share, low=min(share, max(0.0, centre - half)), high=max(share, min(1.0, centre + half)))


def bootstrap_shares(
    totals: Floats, sizes: Floats, *, seed: int = 0, resamples: int = 2000, confidence: float = 0.95
) -> tuple[Interval, ...]:
    """Percentile intervals of `totals.sum(0) / sizes.sum()`, whole clusters drawn with replacement.

    All columns share the draws. A single cluster tells nothing of the spread: its interval is 0 to 1.

    Args:
        totals: sum of a share over the members of each cluster, shape (clusters, columns).
        sizes: members of each cluster, shape (clusters,).
        seed: of the draws.
        resamples: number of draws.
        confidence: share of the draws between the two ends.
    """
    values = totals.sum(axis=0) / sizes.sum()
    clusters = len(sizes)
    if clusters < 2:
        return tuple(Interval(value=float(value), low=0.0, high=1.0) for value in values)
    random = np.random.default_rng(seed)
    draws = random.multinomial(clusters, np.full(clusters, 1 / clusters), size=resamples).astype(np.float64)
    shares = (draws @ totals) / (draws @ sizes)[:, None]
    return tuple(
        spread_interval(float(value), column, confidence) for value, column in zip(values, shares.T, strict=True)
    )


def spread_interval(value: float, draws: Floats, confidence: float) -> Interval:
    """The middle `confidence` of `draws`, shape (draws,), widened to hold `value` where rounding left it out."""
    tail = (1 - confidence) / 2
    low, high = (float(end) for end in np.quantile(draws, (tail, 1 - tail)))
    return Interval(value=value, low=min(value, low), high=max(value, high))


def number_clusters(ids: Sequence[str], clusters: Mapping[str, str] | None) -> Ints:
    """The cluster number of each question id, shape (ids,); without `clusters` each id is its own.

    Raises:
        ValueError: a question has no cluster; its id is named.
    """
    if clusters is None:
        return np.arange(len(ids), dtype=np.int64)
    missing = [name for name in ids if name not in clusters]
    if missing:
        raise ValueError(f"clusters: no entry for {name_ids(missing)}; give every question its picture")
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(clusters[name], len(numbers)) for name in ids], dtype=np.int64)


def name_ids(ids: Sequence[str]) -> str:
    """The first few ids, and how many more there are, for an error."""
    more = len(ids) - NAMED_IDS
    return ", ".join(ids[:NAMED_IDS]) + (f" and {more} more" if more > 0 else "")

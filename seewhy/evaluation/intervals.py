"""Intervals around shares: Wilson's for counts and for means, alone or in clusters; a bootstrap for other ratios."""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from seewhy.records.measures import Interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NAMED_IDS = 5
DRAWS_AT_ONCE = 64
"""Draws of a bootstrap held in memory together."""


def wilson_interval(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """The score interval of a share (Wilson 1927); it assumes that the `n` trials are independent.

    Raises:
        ValueError: `n` is 0, or `successes` is not between 0 and `n`.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"a share needs 0 <= successes <= n and n > 0, got {successes} of {n}")
    return _score_interval(successes / n, n, NormalDist().inv_cdf(0.5 + confidence / 2))


def clustered_interval(correct: Ints, cluster: Ints, *, confidence: float = 0.95) -> Interval:
    """The score interval of a share of questions of which some go together, such as those about one picture.

    The number of questions is divided by their design effect and Student's t on clusters - 1 degrees replaces the
    normal, since clusters may be few (after Dean and Pagano 2015, Journal of Survey Statistics and Methodology 3).
    Where every question is its own cluster it is `wilson_interval`. Where all are right, or all wrong, clusters count
    as if their members shared one fate (`design_effect`). A single cluster says nothing: 0 to 1.

    Args:
        correct: 1 or 0 for each question, shape (questions,).
        cluster: the number of its cluster, from 0, shape (questions,).
        confidence: of the interval.

    Raises:
        ValueError: there are no questions.
    """
    n = len(correct)
    if n == 0:
        raise ValueError("a share needs at least one question")
    clusters = int(cluster.max()) + 1
    share = float(correct.mean())
    if clusters == n:
        return wilson_interval(int(correct.sum()), n, confidence=confidence)
    if clusters < 2:
        return Interval(value=share, low=0.0, high=1.0)
    quantile = student_quantile(clusters, confidence)
    return _score_interval(share, n / design_effect(correct, cluster), quantile)


def student_quantile(clusters: int, confidence: float) -> float:
    """How many standard errors each way hold `confidence` of a mean over clusters: Student's t, clusters - 1 degrees.

    Example:
        >>> round(student_quantile(31, 0.95), 3)
        2.042
    """
    return float(stdtrit(clusters - 1, 0.5 + confidence / 2))


def design_effect(values: Ints | Floats, cluster: Ints) -> float:
    """How many times the variance of the mean grows because members of a cluster go together; at least 1.

    Miller 2024 (arXiv 2411.00640), equation 4, over the independent variance, both with their small-sample factors.
    Where all values are equal they do not show how much members share, and the largest effect is taken: that of
    clusters whose members are all alike, sum(m^2) / n for clusters of m (Kish 1965, section 5.4).
    """
    residual = values - values.mean()
    alone = float((residual**2).sum()) / max(1, len(values) - 1) * len(values)
    sums = np.bincount(cluster, weights=residual).astype(np.float64)
    if alone == 0:
        return float((np.bincount(cluster).astype(np.float64) ** 2).sum()) / len(values)
    if len(sums) < 2:
        return 1.0
    together = float((sums**2).sum()) / (len(sums) - 1) * len(sums)
    return max(1.0, together / alone)


def share_interval(totals: Floats, sizes: Floats, *, confidence: float = 0.95) -> Interval:
    """The score interval of `totals.sum() / sizes.sum()`, a mean of scores from 0 to 1 or a ratio such as F1.

    The number of trials is the one that gives the share its clustered variance (Miller 2024, arXiv 2411.00640,
    equation 4, of the residuals of a ratio). For the variance one more cluster of mean size is taken as wholly right
    and one as wholly wrong, as Agresti and Coull 1998 and Bonett and Price 2012 do: so it is never 0, and a share
    near 0 or 1 whose few exceptions are small is not taken for certain. Student's t on clusters - 1 degrees replaces
    the normal. A single cluster says nothing of the spread: 0 to 1.

    Args:
        totals: of each cluster, from 0 to its size, shape (clusters,).
        sizes: members of each cluster, shape (clusters,); a cluster of size 0 is passed over.
        confidence: of the interval.

    Raises:
        ValueError: no cluster has a member.
    """
    totals, sizes = totals[sizes > 0], sizes[sizes > 0]
    clusters = len(sizes)
    if clusters == 0:
        raise ValueError("a share needs at least one member")
    share = float(totals.sum() / sizes.sum())
    if clusters < 2:
        return Interval(value=share, low=0.0, high=1.0)
    mean_size = float(sizes.mean())
    sizes, totals = np.append(sizes, [mean_size, mean_size]), np.append(totals, [0.0, mean_size])
    between = float(totals.sum() / sizes.sum())
    spread = float(((totals - between * sizes) ** 2).sum()) * (clusters + 2) / (clusters + 1)
    trials = between * (1 - between) * float(sizes.sum()) ** 2 / spread * clusters / (clusters + 2)
    return _score_interval(share, trials, student_quantile(clusters, confidence))


def mean_interval(values: Floats, cluster: Ints, *, confidence: float = 0.95) -> Interval:
    """The mean of scores from 0 to 1 and its `share_interval` over clusters.

    Raises:
        ValueError: there are no values.
    """
    if len(values) == 0:
        raise ValueError("a mean needs at least one value")
    totals, sizes = np.bincount(cluster, weights=values), np.bincount(cluster)
    return share_interval(totals.astype(np.float64), sizes.astype(np.float64), confidence=confidence)


def standard_error(values: Floats, cluster: Ints) -> float:
    """The standard error of a mean over at least two clusters, by equation 4 of Miller 2024 (arXiv 2411.00640)."""
    sums = np.bincount(cluster, weights=values - values.mean()).astype(np.float64)
    return math.sqrt(float((sums**2).sum()) * len(sums) / (len(sums) - 1)) / len(values)


def mean_and_range(scores: Sequence[tuple[str, float]]) -> str:
    """The mean of scores on any scale, with its 95 % interval over questions where there are two, to end a sentence.

    The interval is 1.96 standard errors to each side.

    Example:
        >>> mean_and_range([("a", 1.0), ("b", 3.0), ("c", 2.0), ("d", 2.0)])
        ', 2.00 on average (1.20 to 2.80)'
        >>> mean_and_range([("a", -1.0)])
        ', -1.00 on average'
    """
    names = [name for name, _ in scores]
    values = np.array([value for _, value in scores], dtype=np.float64)
    mean = float(values.mean())
    if len(set(names)) < 2:
        return f", {mean:.2f} on average"
    half = 1.96 * standard_error(values, number_clusters(names, {name: name for name in names}))
    return f", {mean:.2f} on average ({mean - half:.2f} to {mean + half:.2f})"


def _score_interval(share: float, n: float, z: float) -> Interval:
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At 0 and at n successes one end is exact in theory and off by one rounding in floats.
    return Interval(value=share, low=min(share, max(0.0, centre - half)), high=max(share, min(1.0, centre + half)))


def bootstrap_shares(
    totals: Floats, sizes: Floats, *, seed: int = 0, resamples: int = 2000, confidence: float = 0.95
) -> tuple[Interval, ...]:
    """Percentile intervals of `totals.sum(0) / sizes.sum()`, whole clusters drawn with replacement.

    All columns share the draws. A single cluster says nothing of the spread: its interval is 0 to 1.

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
    drawn = resample_totals(np.column_stack([totals, sizes]), seed=seed, resamples=resamples)
    shares = drawn[:, :-1] / drawn[:, -1:]
    return tuple(
        spread_interval(float(value), column, confidence) for value, column in zip(values, shares.T, strict=True)
    )


def resample_totals(totals: Floats, *, seed: int = 0, resamples: int = 2000) -> Floats:
    """Column sums of each draw of whole clusters with replacement.

    Args:
        totals: of each cluster, shape (clusters, columns).
        seed: of the draws.
        resamples: number of draws.

    Returns:
        Sums, shape (resamples, columns).
    """
    clusters, random = len(totals), np.random.default_rng(seed)
    chance = np.full(clusters, 1 / clusters)
    sums: list[Floats] = []
    for done in range(0, resamples, DRAWS_AT_ONCE):
        draws = random.multinomial(clusters, chance, size=min(DRAWS_AT_ONCE, resamples - done))
        sums.append(draws.astype(np.float64) @ totals)
    return np.concatenate(sums)


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

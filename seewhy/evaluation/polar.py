"""Yes-or-no questions as a detector: precision, recall, F1 and the share of yes, as POPE reports them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.evaluation.intervals import Floats, number_clusters, resample_totals, spread_interval
from seewhy.records.measures import Interval, PolarScore

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolarRow:
    """A yes-or-no question: what is right, and what a reply says.

    Example:
        >>> PolarRow(question_id="q", gold="yes", said=None, facets={}).said is None
        True
    """

    question_id: str
    gold: str
    """`yes` or `no`."""
    said: str | None
    """`yes`, `no`, or None where the reply says neither."""
    facets: Mapping[str, str]


def polar_scores(
    rows: Sequence[PolarRow], *, clusters: Mapping[str, str] | None = None, seed: int = 0
) -> tuple[PolarScore, ...]:
    """The scores of all rows, then those of each value of each facet (POPE, arXiv 2305.10355, section 4).

    "Yes" is the positive class. A reply that says neither is no yes; where the gold answer is yes it is a miss.
    Intervals are 95 % percentile ones of a bootstrap that draws whole clusters.

    Raises:
        ValueError: no rows, or a gold answer or a reply that is neither yes nor no.
    """
    if not rows:
        raise ValueError("yes-or-no scores need at least one question")
    for row in rows:
        if row.gold not in (YES, NO) or row.said not in (YES, NO, None):
            raise ValueError(f"question {row.question_id}: {row.gold!r} and {row.said!r} must be yes or no")
    kinds = sorted({pair for row in rows for pair in row.facets.items()})
    parts = [(facet, value, [row for row in rows if row.facets.get(facet) == value]) for facet, value in kinds]
    return tuple(_score(facet, value, part, clusters, seed) for facet, value, part in [("", "", list(rows)), *parts])


def _score(
    facet: str, value: str, rows: Sequence[PolarRow], clusters: Mapping[str, str] | None, seed: int
) -> PolarScore:
    """Columns of the counts: hits, replies of yes, golds of yes, questions."""
    counts = np.array(
        [(row.gold == row.said == YES, row.said == YES, row.gold == YES, True) for row in rows], dtype=np.float64
    )
    cluster = number_clusters([row.question_id for row in rows], clusters)
    totals: Floats = np.zeros((int(cluster.max()) + 1, counts.shape[1]))
    np.add.at(totals, cluster, counts)
    whole = _shares(totals.sum(axis=0)[None])[0]
    draws = _shares(resample_totals(totals, seed=seed)) if len(totals) > 1 else None
    precision, recall, f1, yes_share = (_interval(whole, draws, column) for column in range(4))
    if yes_share is None:
        raise ValueError("a share of yes needs at least one question")
    return PolarScore(
        facet=facet, value=value, n=len(rows), no_answer=sum(row.said is None for row in rows),
        precision=precision, recall=recall, f1=f1, yes_share=yes_share,
    )  # fmt: skip


def _shares(sums: Floats) -> Floats:
    """Precision, recall, F1 and share of yes, shape (draws, 4), of sums of shape (draws, 4); NaN where undefined."""
    hits, said, gold, n = sums.T
    tops, bottoms = np.stack([hits, hits, 2 * hits, said]), np.stack([said, gold, said + gold, n])
    return np.divide(tops, bottoms, out=np.full(tops.shape, np.nan), where=bottoms > 0).T


def _interval(whole: Floats, draws: Floats | None, column: int) -> Interval | None:
    value = float(whole[column])
    if np.isnan(value):
        return None
    if draws is None:
        return Interval(value=value, low=0.0, high=1.0)
    found: Floats = draws[:, column]
    return spread_interval(value, found[~np.isnan(found)], 0.95)

"""Yes-or-no questions as a detector: precision, recall, F1 and the share of yes, as POPE reports them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.evaluation.intervals import Floats, number_clusters, share_interval
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


def polar_scores(rows: Sequence[PolarRow], *, clusters: Mapping[str, str] | None = None) -> tuple[PolarScore, ...]:
    """The scores of all rows, then those of each value of each facet (POPE, arXiv 2305.10355, section 4).

    "Yes" is the positive class. A reply that says neither is no yes; where the gold answer is yes it is a miss.
    Intervals are the 95 % `share_interval` over clusters.

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
    return tuple(_score(facet, value, part, clusters) for facet, value, part in [("", "", list(rows)), *parts])


def _score(facet: str, value: str, rows: Sequence[PolarRow], clusters: Mapping[str, str] | None) -> PolarScore:
    """Columns of the counts: hits, replies of yes, golds of yes, questions."""
    counts = np.array(
        [(row.gold == row.said == YES, row.said == YES, row.gold == YES, True) for row in rows], dtype=np.float64
    )
    cluster = number_clusters([row.question_id for row in rows], clusters)
    totals: Floats = np.zeros((int(cluster.max()) + 1, counts.shape[1]))
    np.add.at(totals, cluster, counts)
    hits, said, gold, n = totals.T
    return PolarScore(
        facet=facet, value=value, n=len(rows), no_answer=sum(row.said is None for row in rows),
        precision=_share(hits, said), recall=_share(hits, gold), f1=_share(2 * hits, said + gold),
        yes_share=share_interval(said, n),
    )  # fmt: skip


def _share(tops: Floats, bottoms: Floats) -> Interval | None:
    """The ratio of two sums over clusters; None where nothing defines it."""
    return share_interval(tops, bottoms) if bottoms.any() else None

"""How a model's ratings compare with those of reference answers, as LLaVA-Bench reports them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.evaluation.intervals import Floats, bootstrap_shares, number_clusters
from seewhy.records.measures import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedBeside:
    """Two ratings of one review, on one scale.

    Example:
        >>> RatedBeside(question_id="q", reference=9.0, reply=7.0).reply
        7.0
    """

    question_id: str
    reference: float
    reply: float


def relative_score(
    rows: Sequence[RatedBeside], *, clusters: Mapping[str, str] | None = None, seed: int = 0
) -> Interval:
    """The sum of the replies' ratings over that of the references' (LLaVA, arXiv 2304.08485, section 5.1).

    It is above 1 where the replies are rated higher. The interval is a 95 % percentile one of a bootstrap that draws
    whole clusters; a single cluster says nothing, and its interval is 0 to 1 or to the value itself.

    Raises:
        ValueError: no rows.
    """
    if not rows:
        raise ValueError("a relative score needs at least one review")
    cluster = number_clusters([row.question_id for row in rows], clusters)
    sums: Floats = np.zeros((int(cluster.max()) + 1, 2))
    np.add.at(sums, cluster, np.array([(row.reply, row.reference) for row in rows], dtype=np.float64))
    (found,) = bootstrap_shares(sums[:, :1], sums[:, 1], seed=seed)
    return Interval(value=found.value, low=found.low, high=max(found.high, found.value))

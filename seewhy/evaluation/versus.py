"""Win rates of one model's chains over another's, with ties counted and the bias of the place shown."""

from collections.abc import Mapping, Sequence

import numpy as np

from seewhy.evaluation.intervals import clustered_interval, mean_interval, number_clusters
from seewhy.records.measures import Contest, Preferred, WinRate

AHEAD = {Preferred.FIRST: 1.0, Preferred.TIE: 0.5, Preferred.SECOND: 0.0}
"""What a preference is worth to the chain where it is shown first."""
BEHIND = {Preferred.FIRST: 0.0, Preferred.TIE: 0.5, Preferred.SECOND: 1.0}


def win_rate(
    contests: Sequence[Contest], *, clusters: Mapping[str, str] | None = None, confidence: float = 0.95
) -> WinRate:
    """What the contests come to; one that an order could not judge counts as unjudged alone.

    Several chains of one question go together, and so do both orders of a contest: intervals are over questions, or
    over `clusters`, question id to the key of its picture.

    Raises:
        ValueError: no contest was judged in both orders.
    """
    orders = [
        (one.question_id, one.ahead, one.behind) for one in contests if one.ahead is not None and one.behind is not None
    ]
    if not orders:
        raise ValueError(f"none of {len(contests)} contests was judged in both orders: there is no win rate")
    scores = np.array([(AHEAD[ahead] + BEHIND[behind]) / 2 for _, ahead, behind in orders])
    wins, losses = int((scores > 0.5).sum()), int((scores < 0.5).sum())
    said = [(name, one) for name, *both in orders for one in both if one is not Preferred.TIE]
    firsts = np.array([one is Preferred.FIRST for _, one in said], dtype=np.int64)
    together = clusters or {name: name for name, *_ in orders}
    cluster = number_clusters([name for name, *_ in orders], together)
    return WinRate(
        n=len(orders),
        wins=wins,
        ties=len(orders) - wins - losses,
        losses=losses,
        unjudged=len(contests) - len(orders),
        won=clustered_interval((scores > 0.5).astype(np.int64), cluster, confidence=confidence),
        score=mean_interval(scores, cluster, confidence=confidence),
        first=clustered_interval(firsts, number_clusters([name for name, _ in said], together), confidence=confidence)
        if said
        else None,
        agreement=float(np.mean([AHEAD[ahead] == BEHIND[behind] for _, ahead, behind in orders])),
    )

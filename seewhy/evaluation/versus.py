"""Win rates of one model's chains over another's, with ties counted and the bias of the place shown."""

from collections.abc import Sequence

import numpy as np

from seewhy.evaluation.intervals import mean_interval, number_clusters, wilson_interval
from seewhy.records.measures import Contest, Preferred, WinRate

AHEAD = {Preferred.FIRST: 1.0, Preferred.TIE: 0.5, Preferred.SECOND: 0.0}
"""What a preference is worth to the chain where it is shown first."""
BEHIND = {Preferred.FIRST: 0.0, Preferred.TIE: 0.5, Preferred.SECOND: 1.0}


def win_rate(contests: Sequence[Contest], *, confidence: float = 0.95) -> WinRate:
    """What the contests come to; one that an order could not judge counts as unjudged alone.

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
    said = [preferred for _, *both in orders for preferred in both if preferred is not Preferred.TIE]
    firsts = sum(preferred is Preferred.FIRST for preferred in said)
    return WinRate(
        n=len(orders),
        wins=wins,
        ties=len(orders) - wins - losses,
        losses=losses,
        unjudged=len(contests) - len(orders),
        won=wilson_interval(wins, len(orders), confidence=confidence),
        score=mean_interval(scores, number_clusters([name for name, _, _ in orders], None), confidence=confidence),
        first=wilson_interval(firsts, len(said), confidence=confidence) if said else None,
        agreement=float(np.mean([AHEAD[ahead] == BEHIND[behind] for _, ahead, behind in orders])),
    )

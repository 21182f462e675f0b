"""How long the two sides of pairs are, and whether the reward follows their difference in length."""

import math
from collections.abc import Mapping

from torch import Tensor

from seewhy.objectives.api import PairView

LEAST_SPREAD = 1e-3
"""Nats. Margins that differ by less differ by the rounding of sums over a chain; their correlation would be noise."""
GAP, GAP_SQUARED, MARGIN_SQUARED, PRODUCT = "length_gap", "length_gap^2", "margin^2", "margin*length_gap"


def length_figures(view: PairView, margin: Tensor) -> dict[str, Tensor]:
    """[pairs] tokens of either side as trained on, and the moments that `with_correlation` takes away again."""
    chosen, rejected = view.chosen_mask.sum(dim=1).double(), view.rejected_mask.sum(dim=1).double()
    gap, reward = chosen - rejected, margin.double()
    return {
        "chosen_tokens": chosen,
        "rejected_tokens": rejected,
        GAP: gap,
        GAP_SQUARED: gap * gap,
        MARGIN_SQUARED: reward * reward,
        PRODUCT: reward * gap,
    }


def with_correlation(means: Mapping[str, float]) -> dict[str, float]:
    """The means of a step's figures with `length_correlation` for the moments.

    That is Pearson's correlation, over the step's pairs, of the reward margin with the chosen response's length less
    the rejected one's. It is left out where all margins or all differences are equal, as before the first update.

    Example:
        >>> moments = {"margin": 1.0, "margin^2": 2.0, "length_gap": 0.0, "length_gap^2": 4.0, "margin*length_gap": 1.0}
        >>> with_correlation(moments)
        {'margin': 1.0, 'length_correlation': 0.5}
    """
    kept = {name: v for name, v in means.items() if name not in (GAP, GAP_SQUARED, MARGIN_SQUARED, PRODUCT)}
    if GAP not in means:
        return kept
    gap, margin = means[GAP], means["margin"]
    spread_gap = math.sqrt(max(means[GAP_SQUARED] - gap * gap, 0.0))
    spread_margin = math.sqrt(max(means[MARGIN_SQUARED] - margin * margin, 0.0))
    if spread_gap == 0 or spread_margin < LEAST_SPREAD:
        return kept
    return {**kept, "length_correlation": (means[PRODUCT] - gap * margin) / (spread_gap * spread_margin)}

"""How long the two sides of pairs are, and whether the reward pays for their difference in length."""

import math
from collections.abc import Mapping

from torch import Tensor

from seewhy.objectives.api import PairView

LEAST_MARGIN = 1e-3
"""Nats. Smaller margins are the rounding of sums over a chain; their cosine would be noise."""
GAP_SQUARED, MARGIN_SQUARED, PRODUCT = "length_gap^2", "margin^2", "margin*length_gap"


def length_figures(view: PairView, margin: Tensor | None) -> dict[str, Tensor]:
    """[pairs] tokens of either side as trained on, and the moments that `with_cosine` takes away again."""
    chosen, rejected = view.chosen_mask.sum(dim=1).double(), view.rejected_mask.sum(dim=1).double()
    tokens = {"chosen_tokens": chosen, "rejected_tokens": rejected}
    if margin is None:
        return tokens
    gap, reward = chosen - rejected, margin.double()
    return tokens | {GAP_SQUARED: gap * gap, MARGIN_SQUARED: reward * reward, PRODUCT: reward * gap}


def with_cosine(means: Mapping[str, float]) -> dict[str, float]:
    """The means of a step's figures with `length_cosine` for the moments.

    That is the cosine, over the step's pairs, of the reward margins and the differences in length (chosen less
    rejected). A reward that pays by the token makes margins proportional to these differences: 1, or -1 where it pays
    for being short. Pearson's correlation would not see that where the longer side is always chosen, for it takes the
    means away. Left out where no length differs, and before margins are more than rounding.

    Example:
        >>> with_cosine({"margin": 0.0, "margin^2": 1.0, "length_gap^2": 4.0, "margin*length_gap": 1.0})
        {'margin': 0.0, 'length_cosine': 0.5}
    """
    kept = {name: value for name, value in means.items() if name not in (GAP_SQUARED, MARGIN_SQUARED, PRODUCT)}
    gap, margin = (math.sqrt(means.get(name, 0.0)) for name in (GAP_SQUARED, MARGIN_SQUARED))
    return kept if gap == 0 or margin < LEAST_MARGIN else {**kept, "length_cosine": means[PRODUCT] / (gap * margin)}

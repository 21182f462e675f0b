"""How small a difference a paired test of so many questions can see."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrik

from seewhy.evaluation.power import find_root, require_odds

DEVIATIONS = 7
"""Standard deviations on each side of the expected number of changed questions that are summed over."""


def minimal_paired_difference(n: float, changed: float, *, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Smallest difference that McNemar's exact two-sided test on `n` pairs finds with `power`.

    The number of questions gained or lost is binomial with the share `changed`; given that number, those gained are
    binomial with chance (changed + d) / (2 changed). The power is summed over both (Lachin 1992, Statistics in
    Medicine 11, unconditional power). A part of a pair counts as none. None where nothing changes, and where not even
    d = `changed`, all change in one direction, would be found.
    """
    require_odds(changed, power, alpha)
    pairs = math.floor(n)
    if pairs < 1 or changed == 0:
        return None
    reach = DEVIATIONS * math.sqrt(pairs * changed * (1 - changed)) + 1
    first, last = max(0, math.floor(pairs * changed - reach)), min(pairs, math.ceil(pairs * changed + reach))
    counts = np.arange(first, last + 1)
    weights = np.diff([0.0, *bdtr(counts, pairs, changed)])
    fewest = np.nan_to_num(np.floor(bdtrik(alpha / 2, counts, 0.5)), nan=-1.0)
    fewest -= _at_most(fewest, counts, 0.5) > alpha / 2

    def surplus(gain: float) -> float:
        ahead = (changed + gain) / (2 * changed)
        found = _at_most(fewest, counts, ahead) + _at_most(fewest, counts, 1 - ahead)
        return float(weights @ found) - power

    return find_root(surplus, changed)


def _at_most(successes: NDArray[np.float64], trials: NDArray[np.int64], chance: float) -> NDArray[np.float64]:
    """The chance of so many successes or fewer, 0 below none."""
    return np.where(successes < 0, 0.0, bdtr(np.maximum(successes, 0), trials, chance))

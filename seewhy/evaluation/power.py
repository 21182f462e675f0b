"""How small a difference a test of so many questions can see."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrik

HALVINGS = 40
"""Of the bracket of a root: 2^-40 is far below the precision of a share."""
DEVIATIONS = 7
"""Standard deviations on each side of the expected number of changed questions that are summed over."""


def minimal_detectable_difference(n: float, p: float, *, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Smallest gain over the share `p` that a two-sided z test of two separate samples of `n` finds with `power`.

    d sqrt(n) = z(1 - alpha/2) sqrt(2 q (1 - q)) + z(power) sqrt(p (1 - p) + (p + d) (1 - p - d)), q = p + d/2
    (Fleiss, Levin and Paik 2003, section 4.2). None where not even p + d = 1 would be found, and where p is 1.

    Example:
        >>> [round(100 * (minimal_detectable_difference(n, 0.0) or 0), 1) for n in (200, 10)]
        [3.8, 51.7]
    """
    _check_odds(p, power, alpha)
    critical, wanted = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)

    def surplus(gain: float) -> float:
        pooled = p + gain / 2
        apart = p * (1 - p) + (p + gain) * (1 - p - gain)
        null, alternative = math.sqrt(2 * pooled * (1 - pooled)), math.sqrt(max(0.0, apart))
        return math.sqrt(n) * gain - critical * null - wanted * alternative

    return _root(surplus, 1 - p) if p < 1 else None


def minimal_paired_difference(n: float, changed: float, *, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Smallest difference that McNemar's exact two-sided test on `n` pairs finds with `power`.

    The number of questions gained or lost is binomial with the share `changed`; given that number, those gained are
    binomial with chance (changed + d) / (2 changed). The power is summed over both (Lachin 1992, Statistics in
    Medicine 11, unconditional power). A part of a pair counts as none. None where nothing changes, and where not even
    d = `changed`, all change in one direction, would be found.
    """
    _check_odds(changed, power, alpha)
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

    return _root(surplus, changed)


def _at_most(successes: NDArray[np.float64], trials: NDArray[np.int64], chance: float) -> NDArray[np.float64]:
    """The chance of so many successes or fewer, 0 below none."""
    return np.where(successes < 0, 0.0, bdtr(np.maximum(successes, 0), trials, chance))


def _root(surplus: Callable[[float], float], largest: float) -> float | None:
    """Where a surplus of power that grows with the gain becomes positive, by halving; None where it never does."""
    if surplus(largest) < 0:
        return None
    low, high = 0.0, largest
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if surplus(middle) < 0 else (low, middle)
    return high


def _check_odds(p: float, power: float, alpha: float) -> None:
    if not (0 <= p <= 1 and 0 < alpha < power < 1):
        raise ValueError(f"need 0 <= p <= 1 and 0 < alpha < power < 1, got p={p}, alpha={alpha}, power={power}")

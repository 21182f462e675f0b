"""How small a difference a test of so many questions can see."""

import math
from collections.abc import Callable
from statistics import NormalDist

HALVINGS = 40
"""Of the bracket of a root: 2^-40 is far below the precision of a share."""


def minimal_detectable_difference(n: float, p: float, *, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Smallest gain over the share `p` that a two-sided z test of two separate samples of `n` finds with `power`.

    d sqrt(n) = z(1 - alpha/2) sqrt(2 q (1 - q)) + z(power) sqrt(p (1 - p) + (p + d) (1 - p - d)), q = p + d/2
    (Fleiss, Levin and Paik 2003, section 4.2). None where not even p + d = 1 would be found, and where p is 1.

    Example:
        >>> [round(100 * (minimal_detectable_difference(n, 0.0) or 0), 1) for n in (200, 10)]
        [3.8, 51.7]
    """
    require_odds(p, power, alpha)
    critical, wanted = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)

    def surplus(gain: float) -> float:
        pooled = p + gain / 2
        apart = p * (1 - p) + (p + gain) * (1 - p - gain)
        null, alternative = math.sqrt(2 * pooled * (1 - pooled)), math.sqrt(max(0.0, apart))
        return math.sqrt(n) * gain - critical * null - wanted * alternative

    return find_root(surplus, 1 - p) if p < 1 else None


def find_root(surplus: Callable[[float], float], largest: float) -> float | None:
    """Where a surplus of power that grows with the gain becomes positive, by halving; None where it never does."""
    if surplus(largest) < 0:
        return None
    low, high = 0.0, largest
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if surplus(middle) < 0 else (low, middle)
    return high


def require_odds(p: float, power: float, alpha: float) -> None:
    """An error where a share, a power or a level is none."""
    if not (0 <= p <= 1 and 0 < alpha < power < 1):
        raise ValueError(f"need 0 <= p <= 1 and 0 < alpha < power < 1, got p={p}, alpha={alpha}, power={power}")

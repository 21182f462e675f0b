"""How small a difference a test of so many questions can see."""

import math
from collections.abc import Callable
from statistics import NormalDist

HALVINGS = 60
"""Of the bracket of a root: 2^-60 is below the rounding of a share."""


def minimal_detectable_difference(n: float, p: float, *, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Smallest gain over the share `p` that a two-sided z test of two separate samples of `n` finds with `power`.

    d sqrt(n) = z(1 - alpha/2) sqrt(2 q (1 - q)) + z(power) sqrt(p (1 - p) + (p + d) (1 - p - d)), q = p + d/2
    (Fleiss, Levin and Paik 2003, section 4.2). None where not even p + d = 1 would be found.
    """
    _check_odds(p, power, alpha)

    def spreads(gain: float) -> tuple[float, float]:
        pooled = p + gain / 2
        apart = p * (1 - p) + (p + gain) * (1 - p - gain)
        return math.sqrt(2 * pooled * (1 - pooled)), math.sqrt(max(0.0, apart))

    return _smallest_gain(n, 1 - p, spreads, power, alpha)


def minimal_paired_difference(n: float, changed: float, *, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Smallest difference that McNemar's two-sided test on `n` pairs finds with `power`.

    d sqrt(n) = z(1 - alpha/2) sqrt(c) + z(power) sqrt(c - d^2) (Connor 1987, Biometrics 43), where c = `changed` is
    the share of questions gained or lost. None where not even d = c, all change in one direction, would be found.
    """
    _check_odds(changed, power, alpha)

    def spreads(gain: float) -> tuple[float, float]:
        return math.sqrt(changed), math.sqrt(max(0.0, changed - gain * gain))

    return _smallest_gain(n, changed, spreads, power, alpha)


def _smallest_gain(
    n: float, largest: float, spreads: Callable[[float], tuple[float, float]], power: float, alpha: float
) -> float | None:
    """Root of the power equation, by halving; `spreads` gives the deviations under no gain and under the gain."""
    critical, wanted = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)

    def surplus(gain: float) -> float:
        null, alternative = spreads(gain)
        return math.sqrt(n) * gain - critical * null - wanted * alternative

    if surplus(largest) < 0:
        return None
    low, high = 0.0, largest
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if surplus(middle) < 0 else (low, middle)
    return high


def _check_odds(p: float, power: float, alpha: float) -> None:
    if not (0 < p < 1 and 0 < alpha < power < 1):
        raise ValueError(f"need 0 < p < 1 and 0 < alpha < power < 1, got p={p}, alpha={alpha}, power={power}")

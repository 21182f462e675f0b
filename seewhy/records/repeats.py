"""How much of a reply it has said before."""

from collections.abc import Sequence

GRAM = 4
"""Tokens of the runs that are counted: seq-rep-4 of Welleck et al. (arXiv 1908.04319)."""


def repeated_share(ids: Sequence[object], size: int = GRAM) -> float:
    """Share of the runs of `size` tokens of one reply that occurred in it before: 1 - distinct / all.

    A reply too short for a run repeats nothing.

    Example:
        >>> repeated_share([5, 6, 5, 6, 5, 6, 5], size=2)
        0.6666666666666667
    """
    grams = [tuple(ids[place : place + size]) for place in range(len(ids) - size + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0

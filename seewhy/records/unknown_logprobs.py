"""Log-probabilities of tokens, which servers do not give of all."""

import math
from collections.abc import Iterable, Sequence

from seewhy.records.types import Chain


def unknown_logprobs(chains: Iterable[Chain]) -> int:
    """How many there are: all of a chain that has none, and those that are NaN."""
    return sum(
        len(chain.token_ids or ()) if chain.logprobs is None else sum(map(math.isnan, chain.logprobs))
        for chain in chains
    )


def known_gaps(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """By how much log-probabilities of the same tokens differ, of those that are known on both sides.

    Example:
        >>> known_gaps((-1.0, math.nan, -2.0), (-1.5, -3.0, math.nan))
        [0.5]
    """
    return [abs(a - b) for a, b in zip(one, other, strict=True) if not (math.isnan(a) or math.isnan(b))]

"""Log-probabilities of tokens, which servers do not give of all."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

from seewhy.records.types import Chain


def unknown_logprobs(chains: Iterable[Chain]) -> int:
    """How many there are: all of a chain that has none, and those that are NaN."""
    return sum(
        len(chain.token_ids or ()) if chain.logprobs is None else sum(map(math.isnan, chain.logprobs))
        for chain in chains
    )


def mean_known(logprobs: Sequence[float]) -> float | None:
    """The mean of those that are known, in nats; None where none is.

    Example:
        >>> mean_known((-1.0, math.nan, -2.0)), mean_known((math.nan,)), mean_known(())
        (-1.5, None, None)
    """
    if not logprobs:
        return None
    mean = fmean(logprobs)
    if not math.isnan(mean):  # as it nearly always is: pairing looks at every chain
        return mean
    known = [one for one in logprobs if not math.isnan(one)]
    return fmean(known) if known else None


def known_gaps(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """By how much log-probabilities of the same tokens differ, of those that are known on both sides.

    Example:
        >>> known_gaps((-1.0, math.nan, -2.0), (-1.5, -3.0, math.nan))
        [0.5]
    """
    return [abs(a - b) for a, b in zip(one, other, strict=True) if not (math.isnan(a) or math.isnan(b))]

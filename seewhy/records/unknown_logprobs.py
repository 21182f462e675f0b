"""Tokens of chains without a log-probability, which servers do not give of all."""

import math
from collections.abc import Iterable

from seewhy.records.types import Chain


def unknown_logprobs(chains: Iterable[Chain]) -> int:
    """How many there are: all of a chain that has none, and those that are NaN."""
    return sum(
        len(chain.token_ids or ()) if chain.logprobs is None else sum(map(math.isnan, chain.logprobs))
        for chain in chains
    )

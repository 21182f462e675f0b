"""How far a judge that votes agrees with itself."""

from collections.abc import Iterable
from statistics import fmean

from seewhy.records.types import Verdict


def mean_agreement(verdicts: Iterable[Verdict]) -> float | None:
    """The mean over verdicts of the share of pairs of votes that say the same; None where none had two votes.

    Example:
        >>> mean_agreement([]) is None
        True
    """
    known = [verdict.agreement for verdict in verdicts if verdict.agreement is not None]
    return fmean(known) if known else None

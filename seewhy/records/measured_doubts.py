"""What is counted beside an accuracy, because it makes it another one than it seems."""

from dataclasses import dataclass

from seewhy.records.types import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How many of the questions that a model is measured on its training had in sight.

    Example:
        >>> Overlap(model="sft", n=100, seen=12, same=3).seen
        12
    """

    model: str
    n: int
    """Questions that it was asked."""
    seen: int
    """Those that show a picture of a training question, or without a picture say the same."""
    same: int
    """Those that are training questions: the same words about the same pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How many replies of a measurement ended at its limit of tokens, and not by themselves.

    Example:
        >>> Cut(model="sft", style=Style.REASON, blind=False, n=100, cut=12, max_tokens=128).cut
        12
    """

    model: str
    style: Style
    blind: bool
    n: int
    cut: int
    max_tokens: int

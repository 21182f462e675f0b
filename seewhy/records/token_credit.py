"""The credit of one token, a row of the stage `credit`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCredit:
    """One token of a chain with its credit, log pi - log ref, minus the mean over the chain.

    Example:
        >>> TokenCredit(question_id="q", index=0, position=3, token=" 7", start=9, end=11, credit=-0.8).wrong is None
        True
    """

    question_id: str
    index: int
    position: int
    token: str
    start: int
    end: int
    """Character offsets of the token in the chain's text."""
    credit: float
    wrong: bool | None = None
    """Whether the token is in a sentence known to be wrong; None where unknown."""

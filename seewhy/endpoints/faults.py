"""What can go wrong between a question and its reply, as values: each says whether another try may help."""

from dataclasses import dataclass
from enum import StrEnum


class Cost(StrEnum):
    """Whether a call that brought no reply was paid for."""

    NOTHING = "nothing"
    """The server refused the work before it began."""
    TOLD = "told"
    """The server says what it took."""
    UNKNOWN = "unknown"
    """The call broke off: the work may have been done and charged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a call brought no replies.

    Example:
        >>> Fault(words="the server answered 500").is_final
        False
    """

    words: str
    is_final: bool = False
    """Another try of the same call cannot help."""
    is_reply: bool = False
    """The model itself declined: kept in the cache as its answer, and not asked again."""
    wait_s: float | None = None
    """Seconds the server asks to be left alone for; None where it does not say."""
    cost: Cost = Cost.NOTHING
    complaint: str = ""
    """What the server says is wrong with the request, in lower case; empty where it says nothing of the kind."""

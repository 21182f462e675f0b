"""What is wrong with a row: a reason that is counted, and words that name the field and the remedy."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a row is refused, as reports count it."""

    SYNTAX = "not readable"
    MISSING = "field missing"
    TYPE = "field of another type"
    EMPTY = "empty text"
    EQUAL = "equal replies"
    MARKS = "picture marks and pictures differ in number"
    PICTURE = "picture not readable"
    PATH = "path refused"
    NUMBER = "number not finite"
    HALF = "half a character"
    LONG = "text too long"
    TWICE = "id of two unequal rows"
    ROLE = "role or order of turns"
    REPEATED = "reply given twice"
    UNANSWERED = "request without a reply"
    UNHELD = "not held by the format"


class RowError(ValueError):
    """A row that is refused; whoever catches it adds file and row."""

    def __init__(self, reason: Reason, words: str) -> None:
        super().__init__(words)
        self.reason = reason


def unheld(words: str, remedy: str = "choose another format, or take the row out") -> RowError:
    """The fault of a row that the format to be written cannot hold."""
    return RowError(Reason.UNHELD, f"{words}; {remedy}")

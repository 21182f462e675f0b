"""What reading a reply can end in: an answer with its place, or an abstention with its reason."""

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """Which form of statement an answer was read from, strong forms first."""

    MARK = "answer mark"
    FINAL = "final answer"
    TAG = "answer tag"
    BOXED = "boxed"
    LINE = "answer line"
    IS = "answer is"
    CHOICE_IS = "option is"
    WHOLE = "whole reply"
    LEADING = "leading letter"
    LAST_LINE = "last line"
    CONCLUSION = "conclusion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """An answer found in a reply.

    Example:
        >>> Extraction(answer="12", rule=Rule.MARK, start=12, end=14).answer
        '12'
    """

    answer: str
    """The words of the answer without decoration; for a question with options the capital letter."""
    rule: Rule
    start: int
    end: int
    """Character offsets of the statement's value in the reply, decoration included."""


@dataclass(frozen=True, slots=True)
class Abstention:
    """No answer could be read without guessing, and why.

    Example:
        >>> Abstention("the reply is empty").why
        'the reply is empty'
    """

    why: str

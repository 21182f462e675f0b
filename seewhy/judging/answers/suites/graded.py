"""What a suite's rule says of a reply, and the few steps that several suites share."""

import string
from collections.abc import Callable
from dataclasses import dataclass

from seewhy.judging.answers.findings import Abstention
from seewhy.judging.answers.letters import letter_of
from seewhy.judging.answers.matching import Prover
from seewhy.records.types import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """The answer that a suite's rule reads, and its score.

    Example:
        >>> Graded(answer="B", score=1.0, how="one bare letter").score
        1.0
    """

    answer: str | None
    """None where the suite finds no answer, or would pick one at random."""
    score: float | None
    """From 0.0 to 1.0; None where the gold answer cannot be compared with, or where there is no answer."""
    how: str
    """Which step of the rule fired, or why none did."""


Grader = Callable[[Question, str, Prover], Graded]
"""Grades a reply, without its thinking, as a suite does."""


def letters_of(question: Question) -> str:
    """The letters of the options: "ABC" for three."""
    return string.ascii_uppercase[: len(question.options)]


def graded_letter(question: Question, letter: str | None, how: str) -> Graded:
    """The grade of an option's letter; one that is no option's is wrong, as it is in the suites."""
    if letter is None:
        return Graded(answer=None, score=None, how=how)
    wanted = gold_letter(question)
    score = None if wanted is None else float(letter == wanted)
    return Graded(answer=letter, score=score, how=how)


def gold_letter(question: Question) -> str | None:
    """The letter of the gold option, given by letter or by text; None where it names no option."""
    for gold in question.gold.answers:
        letter = letter_of(gold, question.options)
        if not isinstance(letter, Abstention):
            return letter
    return None


def gold_text(question: Question) -> str:
    """The gold answer as text: of a question with options the right option's."""
    letter = gold_letter(question) if question.options else None
    return question.options[letters_of(question).index(letter)] if letter else question.gold.answers[0]


def gold_spellings(question: Question) -> frozenset[str]:
    """The gold answers as a file may hold them: as they are, and the right option's text."""
    golds = question.gold.answers
    return frozenset(gold.strip() for gold in (*golds, gold_text(question) if golds else ""))


def best(golds: tuple[str, ...], answer: str, score: Callable[[str, str], float], how: str) -> Graded:
    """The best score of `answer` over the golds."""
    return Graded(answer=answer, score=max(score(gold, answer) for gold in golds), how=how)

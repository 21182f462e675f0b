"""Scores the sentences of any chain about an inkgrid page, each by itself, against the page or against reason alone.

Readings are compared with the page: a line gets the share of its digits that are right. Steps of arithmetic, parity
and comparison must be true and must use numbers that earlier sentences of the chain have found. Conclusions ("The sum
is 15.") and the answer line must be the gold ones. A sentence of no known form gets no score: unknown.
"""

import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seewhy.benchmarks.ink.page import Page
from seewhy.model.prompts import ANSWER_MARK
from seewhy.records.types import Question, Span
from seewhy.testing.ground import page_of, solve_on

SENTENCE = re.compile(r"[^\s.][^.]*\.?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What sentences are held against."""

    page: Page | None
    """None for a judge who cannot see: readings are believed, conclusions must follow from numbers found."""
    options: tuple[str, ...]
    conclusions: frozenset[tuple[str, str]]
    """Noun and value of every conclusion of the gold solution."""
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A sentence's score and the numbers it adds to what the chain has found."""

    score: float
    numbers: tuple[int, ...] = ()


Check = Callable[[re.Match[str], Ground, frozenset[int]], Finding]


def ground_of(question: Question, blind: bool) -> Ground:
    """The ground of a question."""
    page = page_of(question)
    gold = solve_on(question, page)
    concluding = (CONCLUSION.fullmatch(sentence) for sentence in gold.sentences)
    return Ground(
        page=None if blind else page,
        options=question.options,
        conclusions=frozenset((found[1].lower(), found[2].lower()) for found in concluding if found),
        answer=gold.answer,
    )


def score_text(text: str, ground: Ground) -> tuple[Span, ...]:
    """A span for each sentence of known form, in order, and one for the answer line if there is one."""
    mark = text.rfind(ANSWER_MARK)
    spans: list[Span] = []
    found: frozenset[int] = frozenset()
    sentences = list(sentences_of(text if mark < 0 else text[:mark]))
    for start, sentence in sentences:
        finding = check_sentence(sentence, ground, found)
        if finding is not None:
            spans.append(Span(start=start, end=start + len(sentence), score=finding.score))
            found |= set(finding.numbers)
    if mark >= 0:
        last = sentences[-1][1] if sentences else ""
        score = score_answer(text[mark + len(ANSWER_MARK) :], ground, last)
        spans.append(Span(start=mark, end=len(text.rstrip()), score=score))
    return tuple(spans)


def sentences_of(text: str) -> Iterator[tuple[int, str]]:
    """Start and text of each sentence."""
    for match in SENTENCE.finditer(text):
        yield match.start(), match.group().rstrip()


def check_sentence(sentence: str, ground: Ground, found: frozenset[int]) -> Finding | None:
    """The finding of the form the sentence has; None where it has none."""
    for form, check in FORMS:
        match = form.fullmatch(sentence)
        if match:
            return check(match, ground, found)
    return None


def is_step(sentence: str) -> bool:
    """Whether a sentence computes: adds, subtracts, compares, or says odd or even."""
    return any(form.fullmatch(sentence) for form, check in FORMS if check in STEPS)


def check_line(match: re.Match[str], ground: Ground, found: frozenset[int]) -> Finding:
    """A row, a column or the diagonal, read."""
    said = numbers_in(match[3])
    if ground.page is None:
        return Finding(score=1.0, numbers=said)
    true = true_line(ground.page, match[1].lower(), int(match[2] or 0))
    right = sum(a == b for a, b in zip(said, true, strict=False))
    return Finding(score=right / max(len(said), len(true)), numbers=said)


def true_line(page: Page, name: str, place: int) -> tuple[int, ...]:
    """The digits of a line; none where the page has no such line."""
    match name:
        case "row":
            return page.digits[place - 1] if 1 <= place <= page.rows else ()
        case "column":
            return tuple(row[place - 1] for row in page.digits) if 1 <= place <= page.columns else ()
        case _:
            return tuple(row[at] for at, row in enumerate(page.digits)) if page.rows == page.columns else ()


def check_cell(match: re.Match[str], ground: Ground, found: frozenset[int]) -> Finding:
    """One cell, read."""
    row, column, digit = (int(match[group]) for group in (1, 2, 3))
    line = (digit,) * column if ground.page is None else true_line(ground.page, "row", row)
    return Finding(score=float(1 <= column <= len(line) and line[column - 1] == digit), numbers=(digit,))


def check_step(match: re.Match[str], ground: Ground, found: frozenset[int]) -> Finding:
    """An addition or subtraction."""
    left, right, result = int(match[1]), int(match[3]), int(match[4])
    is_true = result == (left + right if match[2] == "plus" else left - right)
    return Finding(score=float(is_true and {left, right} <= found), numbers=(result,))


def check_comparison(match: re.Match[str], ground: Ground, found: frozenset[int]) -> Finding:
    """Two numbers, compared."""
    left, right = int(match[1]), int(match[3])
    is_true = {"is more than": left > right, "is less than": left < right, "equals": left == right}[match[2]]
    return Finding(score=float(is_true and {left, right} <= found))


def check_parity(match: re.Match[str], ground: Ground, found: frozenset[int]) -> Finding:
    """A digit, called odd or even."""
    return Finding(score=float((int(match[1]) % 2 == 1) == (match[2] == "odd") and int(match[1]) in found))


def check_option(match: re.Match[str], ground: Ground, found: frozenset[int]) -> Finding:
    """A letter, said to stand for a value."""
    place = string.ascii_uppercase.index(match[2].upper())
    return Finding(score=float(place < len(ground.options) and ground.options[place] == match[1].lower()))


def check_conclusion(match: re.Match[str], ground: Ground, found: frozenset[int]) -> Finding:
    """What the steps come to."""
    noun, value = match[1].lower(), match[2].lower()
    if ground.page is None:
        is_right = noun in ("count", "column", "larger") or numbers_in(value)[-1] in found
    else:
        is_right = (noun, value) in ground.conclusions
    return Finding(score=float(is_right), numbers=numbers_in(value)[-1:])


def score_answer(said: str, ground: Ground, last: str) -> float:
    """Whether the answer line is the gold one; to a blind judge, whether it repeats the last sentence."""
    if ground.page is not None:
        return float(plain(said) == plain(ground.answer))
    if ground.options:
        return float(plain(last).endswith(f"option {plain(said)}"))
    numbers = numbers_in(said)
    return float(bool(numbers) and numbers_in(last)[-len(numbers) :] == numbers)


def plain(answer: str) -> str:
    """The answer without case, brackets, final stop and doubled spaces."""
    return " ".join(answer.casefold().strip(" \n.()").split())


def numbers_in(text: str) -> tuple[int, ...]:
    """All numbers of a text."""
    return tuple(int(number) for number in re.findall(r"\d+", text))


CONCLUSION = re.compile(r"the (sum|difference|largest|smallest|count|column|larger) is ((?:row )?\d+) ?\.?", re.I)
STEPS: tuple[Check, ...] = (check_step, check_comparison, check_parity)
FORMS: tuple[tuple[re.Pattern[str], Check], ...] = (
    (re.compile(r"(row|column|the diagonal) ?(\d+)? reads (\d+(?: ?, ?\d+)*) ?\.?", re.I), check_line),
    (re.compile(r"(row) (\d+) ?: (\d+(?: \d+)*) ?\.?", re.I), check_line),
    (re.compile(r"row (\d+) ?, column (\d+) is (\d+) ?\.?", re.I), check_cell),
    (re.compile(r"(\d+) (plus|minus) (\d+) is (\d+) ?\.?"), check_step),
    (re.compile(r"(\d+) (is more than|is less than|equals) (\d+) ?\.?"), check_comparison),
    (re.compile(r"(\d+) is (odd|even) ?\.?"), check_parity),
    (re.compile(r"(row \d+|\d+(?: \d+)*) is option ([a-z]) ?\.?", re.I), check_option),
    (CONCLUSION, check_conclusion),
)

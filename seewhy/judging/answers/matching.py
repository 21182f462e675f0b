"""Compare an answer with the gold ones: one function for each `MatchRule`, one place in the whole package."""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import assert_never

from rapidfuzz.distance import Levenshtein

from seewhy.judging.answers.decoration import normalise, undress
from seewhy.judging.answers.evaluation import decide
from seewhy.judging.answers.findings import Abstention
from seewhy.judging.answers.formulas import plain_value, spelling
from seewhy.judging.answers.letters import letter_of
from seewhy.judging.answers.math_process import MathTimeoutError
from seewhy.judging.answers.numbers import SLACK, YEAR, Reading, read_number, same_number, same_to_places, unit_of
from seewhy.judging.answers.values import is_false_equation
from seewhy.judging.answers.vqa import direct_answer, holds_words, normalise_vqa, quotes_word, soft_accuracy
from seewhy.records.types import Gold, MatchRule

ANLS_THRESHOLD = 0.5
"""Biten et al. 2019 (Scene Text Visual Question Answering, arXiv 1905.13648), equation 1: tau."""

NEARLY = Fraction(1, 100_000)
"""Plain numbers further apart than this part of the larger are unequal, whatever a formula checker rounds."""

PLACES = 3
"""Decimal places to which TabMWP's own evaluation rounds."""

CHANGED = re.compile(
    r"\d\s?(?:hundred|dozen|squared|cubed|factorial)\b|\band (?:an? |one )?(?:half|third|quarter)\b|\bbelow zero\b",
    re.IGNORECASE,
)
"""Words that make another number of the one before them, which a formula checker leaves unread."""
HALF_OF_DAY = re.compile(r"(\d:\d\d)\s?([ap])\.?\s?m\b\.?")

Prover = Callable[[str, str], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How well an answer matches.

    Example:
        >>> Match(score=None, why="the gold answer is empty").score is None
        True
    """

    score: float | None
    """From 0.0 (wrong) to 1.0 (right); None where it cannot be said."""
    why: str


def match_answer(gold: Gold, answer: str, options: tuple[str, ...], prove: Prover) -> Match:
    """How well `answer` matches `gold` under its rule; `prove(gold, answer)` is asked about formulas alone."""
    golds = tuple(text for text in gold.answers if text.strip())
    if not golds:
        return Match(score=None, why="the gold answer is empty")
    match gold.rule:
        case MatchRule.LETTER:
            return match_letter(golds, answer, options)
        case MatchRule.EXACT:
            return match_exact(golds, answer)
        case MatchRule.RELAXED_NUMBER:
            return match_relaxed(golds, answer)
        case MatchRule.ANLS:
            return _scored(anls(golds, answer), golds, answer, "edit similarity")
        case MatchRule.VQA_SOFT:
            return _scored(soft_accuracy(golds, answer), golds, answer, "annotators' agreement")
        case MatchRule.DIRECT_ANSWER:
            return _scored(direct_answer(golds, answer), golds, answer, "annotators' agreement")
        case MatchRule.CONTAINMENT:
            return match_containment(golds, answer)
        case MatchRule.UNIT_NUMBER:
            return match_unit_number(golds, answer)
        case MatchRule.MATH:
            return match_math(golds, answer, prove)
        case MatchRule.YES_NO:
            return match_yes_no(golds, answer)
        case MatchRule.OPEN:
            return Match(score=None, why="an open question has no rule to match by")
        case _:
            assert_never(gold.rule)


def _equal(is_equal: bool, golds: tuple[str, ...], answer: str) -> Match:
    return Match(score=1.0 if is_equal else 0.0, why=f"{answer!r} {'is' if is_equal else 'is not'} {golds[0]!r}")


def _scored(score: float, golds: tuple[str, ...], answer: str, measure: str) -> Match:
    return Match(score=score, why=f"{answer!r} against {golds[0]!r}: {measure} {score:.3f}")


def match_letter(golds: tuple[str, ...], answer: str, options: tuple[str, ...]) -> Match:
    """Letters, or the options' texts, on either side; a gold that names no option cannot judge."""
    wanted = _right_letters(golds, options)
    if not wanted:
        return Match(score=None, why=f"the gold answer {golds[0]!r} names none of the {len(options)} options")
    return _equal(_letter(answer, options) in wanted, golds, answer)


@lru_cache(maxsize=4096)
def _right_letters(golds: tuple[str, ...], options: tuple[str, ...]) -> frozenset[str]:
    return frozenset(letter for gold in golds if (letter := _letter(gold, options)))


def _letter(value: str, options: tuple[str, ...]) -> str | None:
    if len(value) == 1 and value in string.ascii_uppercase[: len(options)]:
        return value
    letter = letter_of(value, options)
    return None if isinstance(letter, Abstention) else letter


def match_exact(golds: tuple[str, ...], answer: str) -> Match:
    """Equal but for case, spaces and edge punctuation."""
    wanted = normalise(answer)
    return _equal(any(_normal_gold(gold) == wanted for gold in golds), golds, answer)


@lru_cache(maxsize=4096)
def _normal_gold(gold: str) -> str:
    return normalise(gold)


def match_relaxed(golds: tuple[str, ...], answer: str) -> Match:
    """ChartQA (Masry et al. 2022, section 5): numbers within 5 % of the gold, all else exact.

    Per cent and currency signs, thousands separators and fractions are read. A gold that looks like a year
    (1500 to 2099, four bare digits) must be met exactly: 5 % of a year is a century.
    """
    return _equal(any(_is_relaxed(gold, answer) for gold in golds), golds, answer)


def _is_relaxed(gold: str, answer: str) -> bool:
    gold, wanted, slack = _read_gold(gold)
    answer = undress(answer)
    found = read_number(answer) if wanted else None
    if wanted is None or found is None:
        return normalise(gold) == normalise(answer)
    return same_number(wanted, found, slack)


@lru_cache(maxsize=4096)
def _read_gold(gold: str) -> tuple[str, Reading | None, Fraction]:
    """A gold answer without decoration, its number and its slack, read once for all chains of its question."""
    gold = undress(gold)
    return gold, read_number(gold), Fraction(0) if YEAR.fullmatch(gold) else SLACK


def anls(golds: tuple[str, ...], answer: str) -> float:
    """The best 1 - NL over the golds, 0 where the normalised edit distance NL is 0.5 or more (Biten et al., eq. 1).

    Example:
        >>> round(anls(("apple",), "  aple "), 3), anls(("ab",), "ac")
        (0.8, 0.0)
    """
    said = answer.strip().casefold()
    distances = (Levenshtein.normalized_distance(gold.strip().casefold(), said) for gold in golds)
    nearest = min(distances)
    return 1.0 - nearest if nearest < ANLS_THRESHOLD else 0.0


def match_containment(golds: tuple[str, ...], answer: str) -> Match:
    """A gold answer is in the answer as whole words, both folded as VQA answers, and not inside a longer number.

    A gold that folding leaves nothing of, such as "A" or "the", must be quoted or come last.
    """
    words = normalise_vqa(answer)
    found = [_holds(words, answer, gold) for gold in golds]
    if any(found):
        return Match(score=1.0, why=f"{answer[:80]!r} holds {golds[found.index(True)]!r}")
    if all(each is None for each in found):
        return Match(score=None, why=f"it cannot be said whether {answer[:80]!r} holds the gold answer {golds[0]!r}")
    return Match(score=0.0, why=f"{answer[:80]!r} does not hold {golds[0]!r}")


def _holds(words: str, answer: str, gold: str) -> bool | None:
    if wanted := _folded_gold(gold):
        return holds_words(words, wanted)
    return quotes_word(answer, gold) if any(letter.isalnum() for letter in gold) else None


@lru_cache(maxsize=4096)
def _folded_gold(gold: str) -> str:
    return normalise_vqa(gold)


def match_unit_number(golds: tuple[str, ...], answer: str) -> Match:
    """TabMWP (Lu et al. 2023, arXiv 2209.14610, section 5.1): numbers equal to three places, all else exact.

    A unit or currency sign may be on either side, and fractions, signs and thousands separators are read.
    """
    return _equal(any(_is_unit_number(gold, answer) for gold in golds), golds, answer)


def _is_unit_number(gold: str, answer: str) -> bool:
    gold, wanted, _ = _read_gold(gold)
    answer = undress(answer)
    found = read_number(answer) if wanted else None
    if wanted is None or found is None:
        return _in_one_form(gold) == _in_one_form(answer)
    return same_to_places(wanted, found, PLACES)


def _in_one_form(text: str) -> str:
    """Text for comparison, with one spelling of the halves of a day ("12:30 P.M." and "12:30pm")."""
    return HALF_OF_DAY.sub(r"\1 \2m", normalise(text))


def match_math(golds: tuple[str, ...], answer: str, prove: Prover) -> Match:
    """Equal as formulas; plain numbers and equal strings are settled without the prover."""
    proofs = [_proof(gold, answer, prove) for gold in golds]
    if any(proof is True for proof in proofs):
        return _equal(True, golds, answer)
    if unknown := [proof for proof in proofs if isinstance(proof, str)]:
        return Match(score=None, why=unknown[0])
    if all(proof is None for proof in proofs):
        return Match(score=None, why=f"the gold answer {golds[0]!r} is no formula")
    return _equal(False, golds, answer)


def _proof(gold: str, answer: str, prove: Prover) -> bool | str | None:
    gold_bare, answer_bare = undress(gold), undress(answer)
    if normalise(gold_bare) == normalise(answer_bare) or spelling(gold_bare) == spelling(answer_bare):
        return True
    wanted, found = _plain(gold_bare), _plain(answer_bare)
    if wanted is not None and found is not None and (sure := _surely(wanted, found)) is not None:
        return sure
    if _are_one_quantity(gold_bare, answer_bare):
        return True
    if is_false_equation(answer_bare) or bool(CHANGED.search(gold_bare)) != bool(CHANGED.search(answer_bare)):
        return False
    if (decided := decide(gold_bare, answer_bare)) is not None:
        return decided
    try:
        return prove(gold, answer)
    except MathTimeoutError as timeout:
        return str(timeout)


def _plain(text: str) -> Fraction | None:
    """The value of a plain number in signs or in words ("twelve", "minus three", "300 thousand")."""
    value = plain_value(text)
    if value is None and text[-1:].isalpha() and text.replace("-", " ").replace(" ", "").isalnum():
        said = read_number(text)
        is_scaled = text[:1].isdigit() and text.casefold().endswith(("thousand", "million", "billion", "trillion"))
        value = said.value if said and (is_scaled or not any(letter.isdigit() for letter in text)) else None
    return value


def _surely(wanted: Fraction, found: Fraction) -> bool | None:
    """Whether two plain numbers are equal; None where they are so near that places of rounding decide."""
    gap = abs(wanted - found)
    if not gap:
        return True
    return None if gap <= NEARLY * max(abs(wanted), abs(found)) else False


def _are_one_quantity(gold: str, answer: str) -> bool:
    """Equal numbers, with the same unit or with one on one side alone; a letter behind a number is no unit."""
    wanted, found = read_number(gold), read_number(answer)
    if not wanted or not found or (wanted.factor, wanted.face) != (found.factor, found.face):
        return False
    units = [unit_of(text) for text in (gold, answer)]
    return None not in units and ("" in units or units[0] == units[1])


def match_yes_no(golds: tuple[str, ...], answer: str) -> Match:
    """Equal first words, of "yes" and "no"; a gold that is neither cannot judge."""
    wanted = {normalise(gold) for gold in golds} & {"yes", "no"}
    if len(wanted) != 1:
        return Match(score=None, why=f"the gold answer {golds[0]!r} is neither yes nor no")
    said = normalise(answer).replace(",", " ").split()[:1]
    return _equal(said == list(wanted), golds, answer)

"""MathVista and MATH-Vision as their own evaluations read and compare answers."""

import re

from rapidfuzz.distance import Levenshtein

from seewhy.judging.answers.extract import extract_answer
from seewhy.judging.answers.findings import Extraction
from seewhy.judging.answers.matching import Prover
from seewhy.judging.answers.suites.graded import Graded, gold_text, letters_of
from seewhy.judging.answers.suites.latex import find_math_answer
from seewhy.judging.answers.suites.short_answers import as_float
from seewhy.records.types import Question

WORDS_OF_AN_EXTRACTION = 30
QUOTED = re.compile(r'The answer is "(.*)"\.')
BRACKETED = re.compile(r"\(([a-zA-Z])\)")
INTEGER = re.compile(r"-?\d+")
DECIMAL = re.compile(r"-?\d+\.(\d+)")
PHRASES = ("the final answer is", "the answer is", "the correct answer is", "the answer should be")
ENDS = (" {}.", " ({}).")
STARTS = ("{}\n", "({})\n", "({0}) {0}\n")
FRACTION = re.compile(r"(-?)\\frac\{(\d{1,15})\}\{(\d{1,15})\}|(-?\d{1,15})/(\d{1,15})")
LISTED = re.compile(r"([(\[])(.*,.*)[)\]]", re.DOTALL)
PLACES = 2


def mathvista(question: Question, text: str, _prove: Prover) -> Graded:
    """The extracted answer is brought into the gold's form and must then equal it as a string.

    A letter is its option's text and any other words the option nearest by edit distance; a number is cut to an
    integer or rounded to as many places as the gold has. Source: MathVista `evaluation/extract_answer.py` (the
    steps before its model) and `evaluation/calculate_score.py`, `normalize_extracted_answer`. The suite lets GPT-4
    extract; a reply of over thirty words or two lines, which is no extraction, is read by seewhy's own rules.
    """
    said = _extraction(question, text)
    if said is None:
        return Graded(answer=None, score=None, how="the reply is long and holds no final statement")
    gold = gold_text(question)
    form = _option(question, said) if question.options else _as_gold_is_written(gold, said)
    if form is None:
        return Graded(answer=said, score=0.0, how="no number")
    return Graded(answer=form, score=float(form == gold), how="brought into the gold answer's form")


def _extraction(question: Question, text: str) -> str | None:
    if quoted := QUOTED.search(text):
        return quoted[1]
    if "\n" not in text and len(text.split()) <= WORDS_OF_AN_EXTRACTION:
        return text
    found = extract_answer(text, question.options, rule=question.gold.rule)
    return found.answer if isinstance(found, Extraction) else None


def _option(question: Question, said: str) -> str:
    if bracketed := BRACKETED.search(said):
        said = bracketed[1].upper()
    if len(said) == 1 and said in letters_of(question):
        return question.options[letters_of(question).index(said)]
    return min(question.options, key=lambda option: Levenshtein.distance(said, option))


def _as_gold_is_written(gold: str, said: str) -> str | None:
    decimal = DECIMAL.fullmatch(gold)
    if not decimal and not INTEGER.fullmatch(gold):
        return said
    number = as_float(said.strip(), divides_per_cent=False) if not said.endswith("%") else None
    if number is None:
        return None
    return str(round(number, len(decimal[1]))) if decimal else str(int(number))


def mathvision(question: Question, text: str, _prove: Prover) -> Graded:
    """The letter at an end of the reply, the words after "the answer is", or the last box; folded and compared.

    Right where it equals the gold letter or the right option's value as a string, or as a number to two places, or as
    a list of such numbers. Other formulas are compared as strings alone. Source: MATH-Vision `evaluation/evaluate.py`
    and `evaluation/utils.py`, `is_equal`. VLMEvalKit compares what its judge model has extracted by the same function.
    """
    said = model_answer(text)
    golds = [gold for gold in (*question.gold.answers, gold_text(question)) if gold.strip()]
    is_right = any(_is_equal(gold.lower(), said.lower()) for gold in dict.fromkeys(golds))
    return Graded(answer=said or None, score=float(is_right) if said else None, how="folded as MATH-Vision does")


def model_answer(text: str) -> str:
    r"""What MATH-Vision takes to be the reply's answer, in lower case and without spaces.

    Example:
        >>> model_answer("So the answer is (B)."), model_answer("Thus \\boxed{\\frac12}")
        ('b', '\\frac{1}{2}')
    """
    answer = text.strip()
    for letter in "ABCDE":
        ends, starts = (tuple(form.format(letter) for form in forms) for forms in (ENDS, STARTS))
        if answer.endswith(ends) or answer.startswith(starts):
            answer = letter
    tail = answer.split("is ")[-1].rstrip(".")
    if as_float(tail, divides_per_cent=False) is not None and "%" not in tail:
        answer = tail
    if "oxed{" not in answer:
        answer = _after_phrases(answer)
    elif answer.count("oxed{") > 1:
        answer = "\\boxed{" + answer.split("oxed{")[-1]
    answer = find_math_answer(answer)
    for letter in "abcde":
        answer = answer.replace(f"({letter})", letter).replace(f"{{{letter}}}", letter)
    return answer.rstrip(".").lstrip(":").strip()


def _after_phrases(answer: str) -> str:
    for lower in PHRASES:
        for phrase in (lower, lower.replace("the", "The")):
            if phrase in answer:
                answer = answer.split(phrase)[-1].strip().split("\n")[0].split(". ")[0]
    return answer


def _is_equal(gold: str, said: str) -> bool:
    if not said.strip():
        return False
    if gold.strip() == said.strip():
        return True
    wanted, found = _values(gold), _values(said)
    return wanted is not None and wanted == found


def _values(text: str) -> tuple[str, ...] | None:
    """The number to two places, or the numbers of a list in brackets between these; None for anything else."""
    listed = LISTED.fullmatch(text.strip())
    parts = listed[2].split(",") if listed else [text]
    numbers = [_value(part) for part in parts]
    if any(number is None for number in numbers):
        return None
    rounded = [str(float(round(number, PLACES))) for number in numbers if number is not None]
    return (listed[1], *rounded) if listed else tuple(rounded)


def _value(text: str) -> float | None:
    text = text.replace(" ", "")
    if fraction := FRACTION.fullmatch(text):
        top, bottom = (fraction[2], fraction[3]) if fraction[2] else (fraction[4], fraction[5])
        sign = -1 if fraction[1] else 1
        return sign * int(top) / int(bottom) if int(bottom) else None
    return None if text.endswith("%") else as_float(text, divides_per_cent=False)

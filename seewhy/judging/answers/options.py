"""Find the one option that a text or formula is: equal words, equal spelling of a formula, or an equal number."""

import re
import string
from fractions import Fraction
from functools import lru_cache

from seewhy.judging.answers.decoration import normalise, undress
from seewhy.judging.answers.formulas import plain_value, spelling
from seewhy.judging.answers.numbers import number_in_words
from seewhy.judging.answers.values import value_of
from seewhy.records.types import MatchRule

HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
FORMULA = re.compile(r"[\d\\^_=+*/{}√π%]")
QUANTITY = re.compile(r"\$?\s?(?P<number>[-+−]?[$€£]?\s?(?:\d[\d,]*(?:\.\d+)?|\.\d+))\s?(?P<unit>\D.*)?")
UNIT = re.compile(
    r"\^?\\circ|\^\{\\circ\}|°[CF]?|%|\\%"
    r"|(?:\\(?:mathrm|text|mbox)\{[~\s]*[A-Za-z/ .~]+\}|(?:[A-Za-z]{1,15}[ /.]?){1,3})"
    r"(?:\^?\{?[23²³]\}?)?"
)
MORE_OF_A_QUANTITY = re.compile(
    r"\b(?:and|plus|minus|times|of|per|half|quarters?|to|than|over|under|least|most|dozen"
    r"|hundred|squared|cubed)\b|≈"
)
LABELLED = re.compile(r"\b(?:chapter|row|column|step|page|fig(?:ure)?|table|section|question|line|part|no)\.?\s$")
"""What a number behind it only numbers."""
UNITS_OF_ONE_LETTER = frozenset("mgsljnwvakcf")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The words of an option: no decoration, case, leading article or hyphen.

    Example:
        >>> fold("A fast-food shop"), fold("−3")
        ('fast food shop', '-3')
    """
    words = normalise(undress(text))
    if "-" in words:
        words = HYPHEN.sub(" ", words)
    for article in ("a ", "an ", "the "):
        words = words.removeprefix(article)
    return words


def letter_of_text(value: str, options: tuple[str, ...]) -> str | None:
    """The letter of the one option whose text is `value`; of options that differ in case alone, the one in its case.

    Example:
        >>> letter_of_text("a dog", ("cat", "dog")), letter_of_text("DD", ("Dd", "dd", "DD"))
        ('B', 'C')
    """
    wanted = fold(value)
    hits = [i for i, option in enumerate(options) if wanted and fold(option) == wanted]
    if len(hits) > 1:
        said = undress(value)
        hits = [i for i in hits if undress(options[i]) == said]
    return string.ascii_uppercase[hits[0]] if len(hits) == 1 else None


def letter_of_formula(value: str, options: tuple[str, ...]) -> str | None:
    r"""The letter of the one option that is this formula in another spelling, or this number with a unit.

    Example:
        >>> letter_of_formula("\\frac{13}{4}", ("$13 / 4$", "$15 / 4$")), letter_of_formula("25", ("15°", "25°"))
        ('A', 'B')
    """
    if not FORMULA.search(value):
        return None
    spelt, number = spelling(value), plain_value(value)
    same = [i for i, option in enumerate(options) if spelling(undress(option)) == spelt]
    if not same and number is not None:
        values = [_quantity_of(option) for option in options]
        same = [i for i, each in enumerate(values) if each and each[0] == number]
    return string.ascii_uppercase[same[0]] if len(same) == 1 else None


def letter_of_number(value: str, options: tuple[str, ...]) -> str | None:
    r"""The letter of the one option whose number, with its unit where both have one, a few words or an equation say.

    Example:
        >>> lengths = ("12 cm", "15 cm")
        >>> [letter_of_number(said, lengths) for said in ("x = 15", "15.0 cm", "It is fifteen", "15 m")]
        ['B', 'B', 'B', None]
    """
    quantities = [_quantity_of(option) for option in options]
    if sum(each is not None for each in quantities) < 2 or ("=" not in value and MORE_OF_A_QUANTITY.search(value)):
        return None
    both = value.replace("\\approx", "≈").partition("≈")
    for said in (value, both[0]) if both[1] else (value,):
        found = _said_quantity(undress(said))
        if found is None:
            continue
        same = [i for i, each in enumerate(quantities) if each and _is_same(each, found)]
        if len(same) == 1:
            return string.ascii_uppercase[same[0]]
    return None


def _said_quantity(said: str) -> tuple[Fraction, str] | None:
    said = undress(value_of(said, MatchRule.UNIT_NUMBER))
    if (worded := number_in_words(said)) is not None:
        return Fraction(worded), ""
    shape = None if "\\" in said else QUANTITY.fullmatch(said)
    if shape and shape["unit"] and UNIT.fullmatch(shape["unit"]):
        number, unit = plain_value(shape["number"]), normalise(shape["unit"])
        is_variable = len(unit) == 1 and unit.isalpha() and unit not in UNITS_OF_ONE_LETTER
        return None if number is None or is_variable else (number, unit)
    number = plain_value(said)
    return None if number is None else (number, "")


def _is_same(option: tuple[Fraction, str], said: tuple[Fraction, str]) -> bool:
    return option[0] == said[0] and (option[1] == said[1] or not option[1] or not said[1])


@lru_cache(maxsize=4096)
def _quantity_of(option: str) -> tuple[Fraction, str] | None:
    """The number of an option that is one, and its unit; a letter of a formula is a variable and no unit."""
    bare = undress(option)
    if (value := plain_value(bare)) is not None:
        return value, ""
    shape = QUANTITY.fullmatch(bare.strip("$ "))
    if shape is None or not UNIT.fullmatch((shape["unit"] or "").strip("~ ")):
        return None
    is_variable = "$" in option and (shape["unit"] or "").strip().isalpha()
    value = None if is_variable else plain_value(shape["number"])
    return None if value is None else (value, normalise(shape["unit"] or ""))


def is_only_part(words: str, option: str) -> bool:
    """Whether `words` say more than the option that they hold: another quantity, of which it is but a part.

    Example:
        >>> is_only_part("3 kg and 200 g", "3 kg"), is_only_part("about 3 kg", "3 kg")
        (True, False)
    """
    if not FORMULA.search(option):
        return "\\" in words
    before, _, _ = words.partition(option)
    if LABELLED.search(before):
        return True
    rest = words.replace(option, " ", 1)
    return FORMULA.search(rest) is not None or MORE_OF_A_QUANTITY.search(rest) is not None

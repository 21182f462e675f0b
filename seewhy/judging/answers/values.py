"""Take the value out of a short sentence, a calculation or a number with words behind it; read a yes or no."""

import re

from seewhy.judging.answers.decoration import undress
from seewhy.judging.answers.formulas import plain_value
from seewhy.judging.answers.numbers import NUMBER_WORDS, SCALES, read_number
from seewhy.records.types import MatchRule

NUMERIC = frozenset({MatchRule.RELAXED_NUMBER, MatchRule.UNIT_NUMBER, MatchRule.MATH})
"""Rules that compare numbers: an answer that says one in a few words is that number."""

CORE = (
    r"[+\-−]?\s?[$€£¥]?\s?(?:\d{1,3}(?:,\d{3}){1,8}|\d{1,30})?(?:\.\d{1,30}|(?<=\d)(?:\s\d{1,9})?\s?/\s?\d{1,15})?"
    rf"(?<=\d)(?:\s?%|\s(?:{'|'.join(word for word in SCALES if len(word) > 2)}|percent)\b)?"
)
LEAD = re.compile(
    r"(?:is |are |be )?(?:about|approximately|approx\.?|around|roughly|nearly|almost|exactly|circa|ca\.?|some|only|just"
    rf"|in|the year|in the year|during|at|by|equal to|~|≈)\s?(?P<number>{CORE})(?P<unit>(?:\s[^\s\d]{{1,15}}){{0,3}})",
    re.IGNORECASE,
)
SENTENCE = re.compile(
    r"(?P<subject>(?:it|this|that|there|he|she|they|we|you|i|the|its|his|her|their|our|so|thus|hence|therefore|each)\b"
    r"[^.=\d\n]{0,60}?)\s?\b(?:is|are|was|were|equals?|will be|would be|has|have|had|costs?|weighs?|measures?"
    r"|shows?|reads?|scored|needs?|makes?|gives?|contains?)\s(?P<value>.{1,60})",
    re.IGNORECASE,
)
PRONOUN = re.compile(r"(?:it|this|that)(?: is|'s| was)\s(?P<value>\S{1,30}(?: \S{1,30}){0,3})", re.IGNORECASE)
DENIED = re.compile(
    r"\b(?:not|no|never|neither|nor|or|either|between|more|less|fewer|over|under|un\w+)\b|n't\b", re.IGNORECASE
)
TAIL = re.compile(rf"(?P<number>{CORE})\s(?P<tail>[A-Za-z]{{2,}}\b.*)", re.DOTALL)
RELATED = re.compile(
    r"(?:or|and|to|out|in|of|times|minus|plus|by|over|divided|multiplied|dozen|x|percent|through|until)\b"
)
ABOUT = re.compile(r"(?:with|which|because|since|as|for|when|where|at|after|if|given|that|on|during|based|according)\b")
NO_TAIL = re.compile(r"[\\^_={}+*/<>|~]")
CALCULATION = re.compile(r"(?P<left>[^=≈\n]{1,80}(?:=[^=≈\n]{1,80}){0,3}?)[=≈]\s*(?P<right>[^=≈\n]{1,60})")
ARITHMETIC = re.compile(r"[\d\s.,+\-−–*/×÷·xX()$€£%:=^]+")
NAMED = re.compile(r"\\?[A-Za-z][A-Za-z' ]{0,39}(?:_\{?\w{1,3}\}?)?(?:\(\w{1,3}\))?")


POLAR = re.compile(r"\W{0,8}(yes|no|true|false)\b(?!\s?/|\s(?:or|and)\b)", re.IGNORECASE)
SAID_ALONE = re.compile(r"(?:^|[,.?!:;]\s{1,3})[*_]{0,3}(yes|no)[*_]{0,3}(?=[,.!;]|\s*$)", re.IGNORECASE)
TRUTH = {"yes": "yes", "no": "no", "true": "yes", "false": "no"}


def value_of(answer: str, rule: MatchRule) -> str:
    """The value that an answer without decoration says, where the rule compares numbers; else the answer itself.

    Example:
        >>> value_of("The mode is 9", MatchRule.UNIT_NUMBER), value_of("30-12=18", MatchRule.MATH)
        ('9', '18')
        >>> value_of("3.5 dollars per kilogram of rice", MatchRule.RELAXED_NUMBER), value_of("12 or 13", MatchRule.MATH)
        ('3.5', '12 or 13')
    """
    if answer.isdigit():
        return answer
    if rule is MatchRule.EXACT or rule in NUMERIC:
        if rule in NUMERIC and (number := _number(answer)):
            return number
        said = PRONOUN.fullmatch(answer)
        if said and not DENIED.match(said["value"]):
            return undress(said["value"])
    return answer


def _number(answer: str) -> str | None:
    if answer.isalnum() or len(answer) > 200:
        return None
    if said := LEAD.fullmatch(answer):
        return said["number"].strip()
    if ("=" in answer or "≈" in answer) and (right := result_of(answer)):
        return right
    if read_number(answer):
        return None
    return _said(answer) or _before_its_tail(answer)


def result_of(answer: str) -> str | None:
    """The text after the last equals sign of a calculation, or of a named number.

    Example:
        >>> result_of("6 x 4 = 24 pens"), result_of("x = 12"), result_of("x = 3 or x = 4"), result_of("y = 2x + 1")
        ('24 pens', '12', None, None)
    """
    shape = CALCULATION.fullmatch(answer)
    if shape is None:
        return None
    left, right = undress(shape["left"]), undress(shape["right"])
    if not (ARITHMETIC.fullmatch(left) or NAMED.fullmatch(left)):
        return None
    return right if plain_value(right) is not None or _is_quantity(right) else None


def _is_quantity(text: str) -> bool:
    """A number, perhaps with words behind it; not a term such as `2x`."""
    shape = re.fullmatch(rf"{CORE}(?:\s[A-Za-z]{{2,}}.*|°)?", text)
    return shape is not None and read_number(text) is not None


def _said(answer: str) -> str | None:
    sentence = SENTENCE.fullmatch(answer)
    if sentence is None or DENIED.search(sentence["subject"]):
        return None
    value = undress(sentence["value"])
    if lead := LEAD.fullmatch(value):
        return lead["number"].strip()
    if value.casefold() in NUMBER_WORDS:
        return value
    if not read_number(value):
        return _before_its_tail(value)
    number = re.match(CORE, value)
    return number[0].strip() if number else value


def _before_its_tail(answer: str) -> str | None:
    """The number that an answer begins with, where what follows is about it and no more of the quantity."""
    shape = TAIL.fullmatch(answer)
    if shape is None or NO_TAIL.search(tail := shape["tail"].casefold()) or RELATED.match(tail):
        return None
    words = set(tail.replace(",", " ").split())
    is_remark = ABOUT.match(tail) is not None
    if not is_remark and (any(letter.isdigit() for letter in tail) or not NUMBER_WORDS.keys().isdisjoint(words)):
        return None
    return None if not is_remark and "or" in words else shape["number"].strip()


def polar_of(value: str) -> str | None:
    """The yes or no that words begin with, or that is the only one among them; true is yes.

    Example:
        >>> polar_of("True, as it barks"), polar_of("Based on the picture, no."), polar_of("yes or no")
        ('yes', 'no', None)
    """
    bare = undress(value)
    if word := POLAR.match(bare):
        return TRUTH[word[1].lower()]
    said = {word.lower() for word in SAID_ALONE.findall(bare)}
    return said.pop() if len(said) == 1 else None

"""Take the value out of a short sentence, a calculation or a number with words behind it; read a yes or no."""

import re
from fractions import Fraction
from functools import lru_cache

from seewhy.judging.answers.decoration import undress
from seewhy.judging.answers.formulas import plain_value
from seewhy.judging.answers.numbers import NUMBER_WORDS, SCALES, number_in_words, read_number
from seewhy.records.types import MatchRule

NUMERIC = frozenset({MatchRule.RELAXED_NUMBER, MatchRule.UNIT_NUMBER, MatchRule.MATH})
"""Rules that compare numbers: an answer that says one in a few words is that number."""

CORE = (
    r"[+\-−]?\s?[$€£¥]?\s?(?:\d{1,3}(?:,\d{3}){1,8}|\d{1,30})?(?:\.\d{1,30}|(?<=\d)(?:\s\d{1,9})?\s?/\s?\d{1,15})?"
    rf"(?<=\d)(?:\s?%|\s(?:{'|'.join(word for word in SCALES if len(word) > 2)}|percent)\b)?"
)
LEAD = re.compile(
    r"(?:is |are |be )?(?:a (?:total|sum|value|count|maximum|minimum) of|found to be|estimated (?:to be|at)"
    r"|about|approximately|approx\.?|around|roughly|nearly|almost|exactly|circa|ca\.?|some|only|just"
    rf"|in|the year|in the year|during|at|by|equal to|~|≈)\s?(?P<number>{CORE})(?P<unit>(?:\s[^\s\d]{{1,15}}){{0,3}})",
    re.IGNORECASE,
)
SENTENCE = re.compile(
    r"(?P<subject>(?:it|this|that|there|he|she|they|we|you|i|the|its|his|her|their|our|so|thus|hence|therefore|each)\b"
    r"[^.=\n]{0,60}?)\s?\b(?:is|are|was|were|equals?|will be|would be|has|have|had|costs?|weighs?|measures?"
    r"|shows?|reads?|scored|needs?|makes?|gives?|contains?|(?:can )?(?:see|count|find|get)|counted|found|got|spent|paid"
    r"|earned|sold|bought|left)\s(?P<value>.{1,60})",
    re.IGNORECASE,
)
PRONOUN = re.compile(r"(?:it|this|that)(?: is|'s| was)\s(?P<value>\S{1,30}(?: \S{1,30}){0,3})", re.IGNORECASE)
DENIED = re.compile(
    r"\b(?:not|no|never|neither|nor|or|either|between|more|less|fewer|over|under"
    r"|(?-i:un(?!cle\b|i(?!dent|mp|nf|nt))\w+))\b|n't\b",
    re.IGNORECASE,
)
"""Words that take a value back; "United" and "unicorn" are names, "unknown" and "unidentified" are none."""
STARS = re.compile(r"(?<![\w)])\*\*|\*\*(?![\w(])")
"""Marks of bold letters, which a power has a number on both sides of."""
INTRODUCED = re.compile(
    r"(?:(?:so|thus|hence|therefore|then|finally|overall|in total|altogether)\b,?\s){1,2}(?P<rest>[^,].*)"
    r"|(?:based on|according to|from|in|as shown in|looking at|for|by|during|at)\s[^,.=]{1,40},\s(?P<clause>.*)",
    re.IGNORECASE,
)
HEADED = re.compile(r"(?P<name>[A-Za-z][A-Za-z ]{0,39}):\s(?P<value>[^:]{1,60})")
BRACKETED = re.compile(
    r"(?P<value>\S.{0,40}?)\s\((?!or\b|and\b|to\b|plus\b|[±+*/^-])(?=[^()]*(?:[A-Za-z]|[+*/×=]))[^()]{1,80}\)"
)
"""A number and a remark in brackets."""
QUOTED = re.compile(
    r"(?:it|this|that|the [^\"“”'\n]{1,60}?)\s(?:reads?|says?|is|states?|shows?|displays?|spells?|contains?)"
    r"(?: (?:labell?ed|called|named|titled|the (?:words?|text|name|phrase|number)))?[,:]?\s"
    r"(?:\"(?P<plain>[^\"]{1,200})\"|“(?P<round>[^”]{1,200})”|'(?P<single>[^']{1,200})'|‘(?P<high>[^’]{1,200})’)[.!]?",
    re.IGNORECASE,
)
"""A short sentence that says what is written somewhere."""
QUOTED_BY = frozenset({MatchRule.EXACT, MatchRule.ANLS, MatchRule.VQA_SOFT, MatchRule.DIRECT_ANSWER})
SAYS_MORE = re.compile(r"one\s(?:can|could|should|must|may|might|has|is|of|who|that|which)\b", re.IGNORECASE)
TAIL = re.compile(rf"(?P<number>{CORE})(?:\s|(?P<comma>,)\s)(?P<tail>[A-Za-z]{{2,}}\b.*)", re.DOTALL)
RELATED = re.compile(
    r"(?:or|and|to|out|in|of|times|minus|plus|by|over|divided|multiplied|dozen|hundred|squared|cubed"
    r"|factorial|below|x|percent|through|until)\b|.*\band (?:an? |one )?(?:half|third|quarter)"
)
ABOUT_WORDS = frozenset({"about", "approximately", "around", "roughly", "nearly", "almost", "exactly", "only", "just"})
MOST_WORDS = 6
LONGEST_SENTENCE = 200
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
    if rule in NUMERIC and (number := _number(STARS.sub("", answer) if "**" in answer else answer)):
        return number
    if rule in QUOTED_BY and (quoted := QUOTED.fullmatch(answer)):
        return undress(quoted[quoted.lastgroup or 0])
    if rule is MatchRule.EXACT or rule in NUMERIC:
        said = PRONOUN.fullmatch(answer)
        if said and not DENIED.match(said["value"]):
            return undress(said["value"])
    return answer


def _number(answer: str) -> str | None:
    return None if answer.isalnum() or len(answer) > LONGEST_SENTENCE else _number_said(answer)


@lru_cache(maxsize=4096)
def _number_said(answer: str) -> str | None:
    if said := LEAD.fullmatch(answer):
        return said["number"].strip()
    if ("=" in answer or "≈" in answer) and (right := result_of(answer)):
        return right
    if read_number(answer):
        return None
    return _said(answer) or _before_its_tail(answer) or _in_words(answer) or _around(answer)


def _around(answer: str) -> str | None:
    """The number of a sentence behind "so" or "in 2015,", behind a name and a colon, or before a remark in brackets."""
    if introduced := INTRODUCED.fullmatch(answer):
        rest = introduced["rest"] or introduced["clause"]
        if introduced["rest"] and (read_number(rest) or re.fullmatch(CORE, rest)):
            return rest
        return _said(rest) or (result_of(rest) if "=" in rest else None)
    if (headed := HEADED.fullmatch(answer)) and not DENIED.search(headed["name"]):
        return headed["value"] if read_number(headed["value"]) else None
    if (bracketed := BRACKETED.fullmatch(answer)) and read_number(bracketed["value"]):
        return bracketed["value"]
    return None


def _in_words(answer: str) -> str | None:
    """The number that words say which an answer begins with: twelve of "about twelve apples in the basket"."""
    words = answer.split()
    if words and words[0].casefold() in ABOUT_WORDS:
        words = words[1:]
    for count in range(min(len(words), MOST_WORDS), 0, -1):
        said, tail = " ".join(words[:count]), " ".join(words[count:]).casefold()
        if number_in_words(said) is None:
            continue
        if SAYS_MORE.match(f"{said} {tail}") or RELATED.match(tail) or any(letter.isdigit() for letter in tail):
            return None
        return said if NUMBER_WORDS.keys().isdisjoint(tail.replace(",", " ").split()) else None
    return None


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
    if not _may_be_equal(plain_value(left), plain_value(right)):
        return None
    if not (ARITHMETIC.fullmatch(left) or NAMED.fullmatch(left)):
        return None
    return right if plain_value(right) is not None or _is_quantity(right) else None


def is_false_equation(answer: str) -> bool:
    """Whether an answer sets two plain numbers equal that differ: "13 = 12" says neither."""
    left, sign, right = answer.partition("=")
    return bool(sign) and not _may_be_equal(plain_value(undress(left)), plain_value(undress(right)))


def _may_be_equal(left: Fraction | None, right: Fraction | None) -> bool:
    """False for two plain numbers that no rounding makes equal: "13 = 12" is no calculation."""
    return left is None or right is None or abs(left - right) <= max(abs(left), abs(right)) / 50


def _is_quantity(text: str) -> bool:
    """A number, perhaps with words behind it; not a term such as `2x`."""
    shape = re.fullmatch(rf"{CORE}(?:\s[A-Za-z]{{2,}}.*|\s?[A-Za-z]{{1,3}}/[A-Za-z]{{1,3}}|°)?", text)
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
    if "=" in value:
        return result_of(value)
    if not read_number(value):
        return _before_its_tail(value) or _in_words(value)
    number = re.match(CORE, value)
    is_all = number is not None and (value[number.end() :].strip()[:1].isalpha() or number.end() == len(value))
    return number[0].strip() if number and number[0] and is_all else value


def _before_its_tail(answer: str) -> str | None:
    """The number that an answer begins with, where what follows is about it and no more of the quantity."""
    shape = TAIL.fullmatch(answer)
    if shape is None or NO_TAIL.search(tail := shape["tail"].casefold()) or RELATED.match(tail):
        return None
    words = set(tail.replace(",", " ").split())
    is_remark = ABOUT.match(tail) is not None
    if shape["comma"] and not is_remark:
        return None
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

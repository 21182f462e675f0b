"""Read the number a short answer holds, and compare numbers with 5 % of slack."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

NUMBER = re.compile(
    r"(?P<lead>[^\d+\-.\u2212]{0,20}?)(?P<sign>[+\-\u2212]?)\s?(?P<money>[$€£¥]?)\s?"
    r"(?:(?:(?P<mixed>\d{1,9})\s)?(?P<top>\d{1,40})\s?/\s?(?P<bottom>\d{1,60})"
    r"|(?P<whole>\d{1,3}(?:,\d{3}){1,8}|\d{1,30})?(?P<part>\.\d{1,30})?)"
    r"\s?(?P<unit>%|[^\d%]{0,24})"
)
LATEX_FRACTION = re.compile(r"\\[dt]?frac(?:\{(\d{1,15})\}\{(\d{1,15})\}|(\d)(\d))")
VULGAR = re.compile("(?<=\\d)(?=[¼-¾⅐-⅞])")
IN_ONE_SIGN = re.compile("[¼-¾⅐-⅞]")
RAISED = re.compile("10([⁻⁺]?[⁰¹²³⁴-⁹]{1,3})")
SIGN_IN_WORDS = re.compile(r"(?:minus|negative)\s(?=\d|[a-z])", re.IGNORECASE)
UNIT_OF_POWER = re.compile(
    r"(?<=\d)(?:\\[,; ]|~|\s){0,3}(?:[kcmdµn]?m|in|ft|yd|mi|s|sec|units?|[a-z]{1,3}/[a-z]{1,3})"
    r"\s?(?:\^\{?-?[1-4]\}?|[²³])$",
    re.IGNORECASE,
)
"""A unit with its power behind a number; the digit is no further number."""
LEADS = frozenset(
    {"", "about", "approximately", "around", "roughly", "~", "≈", "=", "usd", "us", "it is", "it's", "it was", "is",
     "nearly", "almost", "exactly", "in", "in the year", "the year", "circa"}
)  # fmt: skip
SCALES = {
    "thousand": 10**3, "k": 10**3, "million": 10**6, "mn": 10**6, "m": 10**6,
    "billion": 10**9, "bn": 10**9, "b": 10**9, "trillion": 10**12,
}  # fmt: skip
MULTIPLES = {"hundred": 100, "dozen": 12}
NOT_A_UNIT = frozenset({"squared", "cubed", "factorial", "below", "and", "or", "to", "plus", "minus"})
TAIL = re.compile(r"[^\d]{1,60}$")
KNOWN_UNIT = re.compile(r"°|°[cf]|degrees?|[ckm]m[²³]?|kg|mg|ml|ft|in|hrs?|mins?|secs?|mph|[ap]\.?m")
WORDS_BEHIND = re.compile(r"\s{1,3}[A-Za-z]{2,}[A-Za-z ./]*")
BELOW_20 = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = (
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
NUMBER_WORDS = {word: value for value, word in enumerate(BELOW_20)} | {
    word: 10 * (value + 2) for value, word in enumerate(TENS)
}
LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
ONES = "|".join(BELOW_20)
BELOW_100 = rf"(?:(?:{'|'.join(TENS)})(?: (?:{ONES}))?|{ONES})"
BELOW_1000 = rf"(?:(?:{ONES}) hundred(?:(?: and)? {BELOW_100})?|{BELOW_100})"
PART_WORDS = {
    "half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10,
}  # fmt: skip
PARTS = re.compile(rf"(?:(?P<count>an?|{ONES}) )(?P<part>(?:{'|'.join(PART_WORDS)})s?)")
DOZENS = re.compile(rf"(?P<count>a|{ONES}) dozen")
WORDED = re.compile(rf"{BELOW_1000}(?: (?:{'|'.join(LARGE)})(?:(?: and)? {BELOW_1000})?)*")
POWER = re.compile(
    r"(?P<digits>\d{1,30}(?:\.\d{1,30})?)(?:\s?(?:[x×*·]|\\times|\\cdot)\s?10\s?\^\s?\{?|[eE])(?P<power>[+\-\u2212]?\d{1,3})\}?(?!\w)"
)
TEN_TO = re.compile(r"(?<![\d.,)}])10\s?\^\s?\{?([+\-\u2212]?\d{1,3})\}?(?!\w)")
SPACED = re.compile(r"(?<![\d.,])(\d{1,3})((?:[ \u00a0\u2009\u202f]\d{3})+)(?![\d/])")
YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
SLACK = Fraction(1, 20)
FACTORS = {
    "%": Fraction(1, 100),
    "percent": Fraction(1, 100),
    **{word: Fraction(scale) for word, scale in SCALES.items()},
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A number as written: its face value and what its per cent sign or scale word makes of it."""

    face: Fraction
    factor: Fraction | None
    """1/100 for a per cent, 1,000,000 for "million", None for neither."""

    @property
    def value(self) -> Fraction:
        """The number with its sign or scale word."""
        return self.face * self.factor if self.factor else self.face


@lru_cache(maxsize=4096)
def read_number(text: str) -> Reading | None:
    """The one number of `text`; None where it holds none, several, a time of day, or more than a number and its unit.

    Example:
        >>> read_number("$1,200.5").face, read_number("75%").factor, read_number("1/2").face, read_number("12 or 13")
        (Fraction(2401, 2), Fraction(1, 100), Fraction(1, 2), None)
    """
    if text.isascii() and text.isdigit() and len(text) <= 30:
        return Reading(Fraction(int(text)), None)
    if text[:1].isalpha():
        text = SIGN_IN_WORDS.sub("-", text, count=1) if text[0] in "mMnN" else text
        if (worded := number_in_words(text.lstrip("-"))) is not None:
            return Reading(Fraction(-worded if text[0] == "-" else worded), None)
    shape = NUMBER.fullmatch(_in_digits(text.strip()))
    if shape is None or shape["lead"].strip().casefold() not in LEADS:
        return None
    face = _face(shape)
    words = shape["unit"].casefold().strip(" .").split()
    if face is None or len(words) > 3 or words[:1] in (["p.m"], ["a.m"], ["pm"], ["am"]):
        return None
    if words and (words[0] in NOT_A_UNIT or words[0][0] in "²³" or "half" in words[1:]):
        return None
    if not NUMBER_WORDS.keys().isdisjoint(words):
        return None
    face *= MULTIPLES.get(words[0], 1) if words else 1
    factor = FACTORS.get(words[0]) if words else None
    return Reading(-face if shape["sign"] in ("-", "\u2212") else face, factor)


def _in_digits(text: str) -> str:
    """`text` with fractions of LaTeX, powers of ten and spaces between thousands written out."""
    if "\\" in text:
        text = LATEX_FRACTION.sub(_fraction, text)
    if not text.isascii():
        text = RAISED.sub(_raised, VULGAR.sub(" ", text))
        text = IN_ONE_SIGN.sub(lambda found: unicodedata.normalize("NFKC", found[0]).replace("⁄", "/"), text)
    if "^" in text or text[-1:] in "²³":
        text = UNIT_OF_POWER.sub("", text)
    if "10" in text or "e" in text or "E" in text:
        text = TEN_TO.sub(r"1e\1", POWER.sub(_written_out, text))
        text = POWER.sub(_written_out, text) if "1e" in text else text
    return SPACED.sub(lambda found: "".join(found[0].split()), text)


def _fraction(found: re.Match[str]) -> str:
    return f"{found[1] or found[3]}/{found[2] or found[4]}"


def _raised(found: re.Match[str]) -> str:
    return f"10^{unicodedata.normalize('NFKC', found[1])}"


def _written_out(shape: re.Match[str]) -> str:
    value = Fraction(shape["digits"]) * Fraction(10) ** int(shape["power"].replace("\u2212", "-"))
    return str(value)


def number_in_words(text: str) -> Fraction | int | None:
    """The number that words say; None where any word says something else.

    Example:
        >>> number_in_words("seven"), number_in_words("one hundred and twenty-five"), number_in_words("seven cats")
        (7, 125, None)
        >>> number_in_words("a hundred"), number_in_words("two dozen"), number_in_words("three quarters")
        (100, 24, Fraction(3, 4))
    """
    words = text.casefold().replace("-", " ").strip(" .")
    if words == "half":
        return Fraction(1, 2)
    if share := PARTS.fullmatch(words):
        return Fraction(NUMBER_WORDS.get(share["count"], 1), PART_WORDS[share["part"].removesuffix("s")])
    if dozens := DOZENS.fullmatch(words):
        return 12 * NUMBER_WORDS.get(dozens["count"], 1)
    if words.startswith("a "):
        words = f"one{words[1:]}" if words[2:].startswith(("hundred", *LARGE)) else words
    if not WORDED.fullmatch(words):
        return None
    total = part = 0
    for word in words.split():
        if word == "hundred":
            part *= 100
        elif word in LARGE:
            total, part = total + part * LARGE[word], 0
        else:
            part += NUMBER_WORDS.get(word, 0)
    return total + part


def unit_of(text: str) -> str | None:
    r"""The unit behind the number of `text`, empty where there is none; None where letters behind it may be variables.

    Example:
        >>> unit_of("12 km"), unit_of("$12"), unit_of("75%"), unit_of("12x"), unit_of("12 \\pi")
        ('km', '', '%', None, None)
    """
    tail = TAIL.search(text)
    unit = tail[0].strip(" .").casefold() if tail else ""
    if not unit or unit == "%" or KNOWN_UNIT.fullmatch(unit):
        return unit
    return unit if tail and WORDS_BEHIND.fullmatch(tail[0]) else None


def _face(shape: re.Match[str]) -> Fraction | None:
    if shape["top"]:
        bottom = int(shape["bottom"])
        return int(shape["mixed"] or 0) + Fraction(int(shape["top"]), bottom) if bottom else None
    digits = (shape["whole"] or "").replace(",", "") + (shape["part"] or "")
    return Fraction(digits) if digits else None


def same_number(gold: Reading, answer: Reading, slack: Fraction) -> bool:
    """Whether the two numbers are within `slack` times the gold one.

    A sign or scale word on one side only may be read or not (ChartQA's gold says "75", a reply "75%");
    on both sides it counts.
    """
    if not (gold.factor or answer.factor):
        return _near(gold.face, answer.face, slack)
    return any(_near(one, other, slack) for one, other in _readings(gold, answer))


def same_to_places(gold: Reading, answer: Reading, places: int) -> bool:
    """Whether the two numbers are equal when both are rounded; a sign on one side alone may be read or not."""
    return any(round(one, places) == round(other, places) for one, other in _readings(gold, answer))


def _readings(gold: Reading, answer: Reading) -> Iterator[tuple[Fraction, Fraction]]:
    yield gold.value, answer.value
    if not (gold.factor and answer.factor):
        yield gold.face, answer.face


def _near(gold: Fraction, answer: Fraction, slack: Fraction) -> bool:
    """|gold - answer| <= slack |gold|, in whole numbers, for a Fraction made on the way costs more than all else."""
    gap = abs(gold.numerator * answer.denominator - answer.numerator * gold.denominator)
    return gap * slack.denominator <= slack.numerator * abs(gold.numerator) * answer.denominator

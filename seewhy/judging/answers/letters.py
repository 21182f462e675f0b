"""Read an option's letter from a few words, or abstain: never by guess, never from the article "a"."""

import re
import string

from seewhy.judging.answers.decoration import normalise, undress
from seewhy.judging.answers.findings import Abstention

ALONE = re.compile(r"[\(\[{（]?\s?([A-Za-z])\s?[\)\]}）]?[.:,]?")
LED = re.compile(
    r"[\(\[（]\s?([A-Za-z])\s?[\)\]）][.:,]?"
    r"|([A-Za-z])[.):：](?=\s|$)"
    r"|([A-Z])(?=\s[-–—=]\s|,\s|\s(?:because|since|is (?:the )?(?:correct|right|best|answer))\b)"
    r"|(?:[Tt]he )?(?:(?:correct|best|right) )?(?:[Oo]ption|[Cc]hoice|[Ll]etter|[Aa]nswer)(?: is)?:?"
    r"\s{1,3}[\(\[]?([A-Za-z])\b[\)\]]?"
    r"|选项?\s?[:：]?\s?[（(]?([A-Za-z])(?![A-Za-z])[)）]?"
)
OTHER = re.compile(r"(?:\b(?:or|and|nor)\b|[/&,])\s{0,3}(?:option\s)?[\(\[]?([A-Z])(?![A-Za-z'])")
REFUTED = re.compile(r"\s*(?:(?:is|are|was)\s)?(?:not|wrong|incorrect|false|isn't)\b")
NEGATION = re.compile(r"\b(?:not|no|neither|nor|never|except|cannot|either|or)\b|n't\b")
WORDS_OF_A_PHRASE = 12
DOUBT = re.compile(r"\b(?:none|neither|nor|both|either|unclear|unknown|uncertain|cannot|can't|not|no)\b", re.IGNORECASE)
LETTER = re.compile(r"(?<![A-Za-z'])(?:[A-Z]|[a-z](?=[.):]))(?![A-Za-z'])|[\(\[（][a-z][\)\]）]|^\W*[a-z]\W*$")


def names_an_option(value: str, options: tuple[str, ...]) -> bool:
    """Whether a statement speaks of options at all: by a letter, an option's text, or that none or several fit.

    Example:
        >>> names_an_option("B, I think", ("cat", "dog")), names_an_option("easy to see", ("cat", "dog"))
        (True, False)
    """
    words = normalise(value)
    if LETTER.search(value) or DOUBT.search(words):
        return True
    return any((text := _fold(option)) and text in words for option in options)


def letter_of(value: str, options: tuple[str, ...], *, phrases: bool = True) -> str | Abstention:
    """The capital letter that `value` names, by letter or by the option's text.

    `phrases` also reads an option's text inside a few more words ("it is the red one").

    Example:
        >>> letter_of("(b)", ("cat", "dog")), letter_of("a dog", ("cat", "dog"))
        ('B', 'B')
        >>> letter_of("A or B", ("cat", "dog")).why
        "'A or B' names no single option"
    """
    value = undress(value)
    if alone := ALONE.fullmatch(value):
        return _alone(alone[1], value, options)
    if letter := letter_of_text(value, options):
        return letter
    if led := LED.match(value):
        return _in_range(next(group for group in led.groups() if group), value[led.end() :], options)
    if value[1:2] == " " and letter_of_text(value[2:], options) == value[:1]:
        return value[:1]
    letter = _phrase(value, options) if phrases else None
    return letter or Abstention(f"{value[:80]!r} names no single option")


def letter_of_text(value: str, options: tuple[str, ...]) -> str | None:
    """The letter of the one option whose text is `value`; None where no option or more than one is."""
    wanted = _fold(value)
    hits = [i for i, option in enumerate(options) if wanted and _fold(option) == wanted]
    return string.ascii_uppercase[hits[0]] if len(hits) == 1 else None


def _fold(text: str) -> str:
    words = normalise(undress(text))
    for article in ("a ", "an ", "the "):
        words = words.removeprefix(article)
    return words


def _alone(letter: str, value: str, options: tuple[str, ...]) -> str | Abstention:
    if string.ascii_uppercase.index(letter.upper()) < len(options):
        return letter.upper()
    return letter_of_text(value, options) or _out_of_range(letter, options)


def _in_range(letter: str, rest: str, options: tuple[str, ...]) -> str | Abstention:
    letter = letter.upper()
    if string.ascii_uppercase.index(letter) >= len(options):
        return _out_of_range(letter, options)
    text = letter_of_text(rest, options)
    if text == letter:
        return letter
    if text:
        return Abstention(f"letter {letter} stands beside the text of option {text}")
    allowed = string.ascii_uppercase[: len(options)]
    if any(other in allowed and other != letter for other in OTHER.findall(rest)):
        return Abstention(f"more than one letter: {letter}{rest[:40]!r}")
    if REFUTED.match(rest):
        return Abstention(f"option {letter} is ruled out, none is chosen")
    return letter


def _out_of_range(letter: str, options: tuple[str, ...]) -> Abstention:
    return Abstention(f"letter {letter.upper()} is not among the {len(options)} options")


def _phrase(value: str, options: tuple[str, ...]) -> str | None:
    words = normalise(value)
    if len(words.split()) > WORDS_OF_A_PHRASE or NEGATION.search(words):
        return None
    held = [(i, text) for i, option in enumerate(options) if (text := _fold(option)) and _holds(words, text)]
    longest = [i for i, text in held if not any(text != other and _holds(other, text) for _, other in held)]
    return string.ascii_uppercase[longest[0]] if len(longest) == 1 else None


def _holds(words: str, text: str) -> bool:
    if len(text) == 1 and not text.isdigit():
        return False
    for place in re.finditer(re.escape(text), words):
        before, after = words[: place.start()][-1:], words[place.end() :][:2]
        if (
            not before.isalnum()
            and before not in (".", "-", "$")
            and not after[:1].isalnum()
            and not after[1:].isdigit()
        ):
            return True
    return False

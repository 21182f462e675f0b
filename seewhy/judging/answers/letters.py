"""Read an option's letter from a few words, or abstain: never by guess, never from the article "a"."""

import re
import string

from seewhy.judging.answers.decoration import normalise, undress
from seewhy.judging.answers.findings import Abstention
from seewhy.judging.answers.options import fold, is_only_part, letter_of_formula, letter_of_number, letter_of_text

ALONE = re.compile(r"[\(\[{（]?\s?([A-Za-z])\s?[\)\]}）]?[.:,]?")
LED = re.compile(
    r"[\(\[（]\s?([A-Za-z])\s?[\)\]）][.:,]?"
    r"|([A-Za-z])[.):：](?=\s|,|$)"
    r"|([A-Z])(?:[*_`\"”$]{0,2}|\\[)\]])"
    r"(?=\s[-–—=]\s|\s?,\s|\s(?:because|since|is (?:the )?(?:correct|right|best|answer))\b"
    r"|\s{1,3}(?:\([^()]*\)|\\\(.*)[.\s]*$)"
    r"|(?:[Tt]he )?(?:(?:correct|best|right) )?(?:[Oo]ption|[Cc]hoice|[Ll]etter|[Aa]nswer)(?: is)?:?"
    r"\s{1,3}[*]{0,2}[\(\[]?([A-Za-z])\b(?![*\)\]]{0,3}\?)[\)\]]?"
    r"|选项?\s?[:：]?\s?[（(]?([A-Za-z])(?![A-Za-z])[)）]?"
)
REMARKED = re.compile(
    r"(?:\\(?:boxed|text|mbox|textbf|mathrm)\{|\\[(\[]\s?|[$`\"“*_]{1,2})(?P<letter>[A-Za-z])"
    r"(?:\}|\s?\\[)\]]|[$`\"”*_]{1,2})(?=\s|,)"
)
"""A dressed letter with a remark behind it."""
OTHER = re.compile(
    r"(?:\b(?i:or|and|nor)\b|[/&,])\s{0,3}(?:(?:option|choice|rather|possibly|maybe|perhaps|probably|even|also)\s){0,2}"
    r"[\(\[]?([A-Z])(?![A-Za-z0-9'])"
)
LISTED = re.compile(
    r"(?:[\(\[]([A-Z])[\)\]]|(?<![\w.'])([A-Z])[).:](?=\s))"
    r"(?!\s?(?:is|are|was|were|has|have|does|do|can|cannot|would|could|shows?|seems?|cannot|,? which)\b)"
)
REMARK = re.compile(
    r"[.!?]\s(?=[A-Z][a-z])"
    r"|\b(?:because|since|as|while|whereas|not|than|but|unlike|instead|although|though|given|so|rather|except)\b"
)
REFUTED = re.compile(
    r"\s*(?:(?:is|are|was)\s)?(?:not|wrong|incorrect|false|isn't)\b|\s*是?(?:错|不)"
    r"|[^.\n]{0,80}?(?:[:–—-]|\bis)\s{0,3}[*_(]{0,3}(?:not (?:correct|right)|incorrect|wrong|false|[❌✗✘])(?![A-Za-z])"
    r"|[^.\n]{0,80}?\s[❌✗✘]",
    re.IGNORECASE,
)
NEGATION = re.compile(
    r"\b(?:not|if|whether|unless|no|neither|nor|never|except|cannot|either|or|wrong|incorrect)\b|n't\b"
)
WORDS_OF_A_PHRASE = 12
LIST_MARK = re.compile(r"(?:[-+>]|#{1,6}|\d{1,2}[.)])\s{1,3}(?=[*_(\[]{0,3}[A-Za-z]\b)")
REASONED = re.compile(r"[,;]?\s(?:because|since|as(?! well)|given|not|rather than|instead of|unlike)\b")
"""What begins a remark behind an option's text."""
DOUBT = re.compile(
    r"\b(?:none|neither|nor|both|either|unclear|unknown|uncertain|cannot|can't)\b|^(?:not|no)\b"
    r"|\b(?:not|no) (?:one|option|answer|choice|clear|given|listed|shown|sure|certain|possible|visible|among|enough)\b",
    re.IGNORECASE,
)
LETTER = re.compile(r"(?<![A-Za-z'\\^_])(?:[A-Z]|[a-z](?=[.):]))(?![A-Za-z'])|[\(\[（][a-z][\)\]）]|^\W*[a-z]\W*$")
OUT_OF_RANGE = "is not among the"
BRACKETED = re.compile(r"[\(\[]([A-Z])[\)\]]")


def names_an_option(value: str, options: tuple[str, ...]) -> bool:
    """Whether a statement speaks of options at all: by a letter, an option's text, or that none or several fit.

    Example:
        >>> names_an_option("B, I think", ("cat", "dog")), names_an_option("easy to see", ("cat", "dog"))
        (True, False)
    """
    words = normalise(value)
    if LETTER.search(value) or DOUBT.search(words):
        return True
    return any((text := fold(option)) and _holds(words, text) for option in options)


def letter_of(value: str, options: tuple[str, ...], *, phrases: bool = True) -> str | Abstention:
    """The capital letter that `value` names, by letter, by the option's text or by a formula equal to it.

    `phrases` also reads an option's text inside a few more words ("it is the red one").

    Example:
        >>> letter_of("(b)", ("cat", "dog")), letter_of("a dog", ("cat", "dog"))
        ('B', 'B')
        >>> letter_of("A or B", ("cat", "dog")).why
        "'A or B' names no single option"
    """
    value = undress(value)
    if "  " in value:
        value = " ".join(value.split())
    if remarked := REMARKED.match(value):
        value = f"{remarked['letter']}{value[remarked.end() :]}"
    if mark := LIST_MARK.match(value):
        value = undress(value[mark.end() :])
    if value[:1] == "$" and value[1:2].isalpha():
        value = undress(value[1:])  # the other half of a formula's dollars was cut off
    if alone := ALONE.fullmatch(value):
        return _alone(alone[1], value, options)
    if letter := letter_of_text(value, options):
        return letter
    if led := LED.match(value):
        group = led.lastindex or 1
        found = _in_range(led[group], value[led.end() :], value[led.end(group) :], options)
        return (letter_of_number(value, options) or found) if "=" in value and is_out_of_range(found) else found
    if value[1:2] == " " and letter_of_text(value[2:], options) == value[:1]:
        return value[:1]
    letter = letter_of_formula(value, options) or letter_of_number(value, options)
    if letter is None and (remark := REASONED.search(value)):
        letter = letter_of_text(value[: remark.start()], options)
    if letter is None and phrases:
        letter = _phrase(value, options)
    return letter or Abstention(f"{value[:80]!r} names no single option")


def other_letters(rest: str, letter: str, options: tuple[str, ...]) -> bool:
    """Whether words behind a chosen letter choose or list another one; a remark on why it is wrong does not.

    Example:
        >>> pets = ("cat", "dog", "horse")
        >>> other_letters(" cat (C) horse", "A", pets), other_letters(" because (A) is wrong", "B", pets)
        (True, False)
    """
    allowed = string.ascii_uppercase[: len(options)]
    if any(other in allowed and other != letter for other in OTHER.findall(rest)):
        return True
    remark = REMARK.search(rest)
    listed = LISTED.finditer(rest, 0, remark.start() if remark else len(rest))
    return any(_is_listed(each, rest, letter, options) for each in listed)


def _is_listed(found: re.Match[str], rest: str, letter: str, options: tuple[str, ...]) -> bool:
    """Whether a further letter is in the same list; in a sentence of its own it must lead its option's text."""
    other = found[found.lastindex or 1]
    at = string.ascii_uppercase.index(other)
    if at >= len(options) or other == letter:
        return False
    if found.lastindex == 1 and rest[: found.start()].rstrip().endswith((".", "!", "?")):
        return fold(rest[found.end() :]).startswith(fold(options[at]))
    return True


def is_out_of_range(found: str | Abstention) -> bool:
    """Whether a reading ended at a letter that no option has."""
    return isinstance(found, Abstention) and OUT_OF_RANGE in found.why


def _alone(letter: str, value: str, options: tuple[str, ...]) -> str | Abstention:
    if string.ascii_uppercase.index(letter.upper()) < len(options):
        return letter.upper()
    return letter_of_text(value, options) or _out_of_range(letter, options)


def _in_range(letter: str, rest: str, behind: str, options: tuple[str, ...]) -> str | Abstention:
    letter = letter.upper()
    if string.ascii_uppercase.index(letter) >= len(options):
        return _out_of_range(letter, options)
    text = letter_of_text(rest, options)
    if text == letter:
        return letter
    if text:
        return Abstention(f"letter {letter} is next to the text of option {text}")
    if other_letters(behind, letter, options):
        return Abstention(f"more than one letter: {letter}{rest[:40]!r}")
    if REFUTED.match(rest):
        return Abstention(f"option {letter} is ruled out, none is chosen")
    return letter


def _out_of_range(letter: str, options: tuple[str, ...]) -> Abstention:
    return Abstention(f"letter {letter.upper()} {OUT_OF_RANGE} {len(options)} options")


def _phrase(value: str, options: tuple[str, ...]) -> str | None:
    words = normalise(value)
    if len(words.split()) > WORDS_OF_A_PHRASE or NEGATION.search(words):
        return None
    held = [(i, text) for i, option in enumerate(options) if (text := fold(option)) and _holds(words, text)]
    longest = [(i, text) for i, text in held if not any(text != other and _holds(other, text) for _, other in held)]
    if len(longest) != 1 or is_only_part(words, longest[0][1]):
        return None
    letter = string.ascii_uppercase[longest[0][0]]
    return letter if all(other == letter for other in BRACKETED.findall(value)) else None


def _holds(words: str, text: str) -> bool:
    if len(text) == 1 and not text.isdigit():
        return False
    for place in re.finditer(re.escape(text), words):
        before, after = words[: place.start()][-1:], words[place.end() :][:2]
        if (
            not before.isalnum()
            and before not in (".", "-", "$", "^")
            and not after[:1].isalnum()
            and not after[1:].isdigit()
        ):
            return True
    return False

"""Read the letter of a reply that makes no final statement: it is all there is, leads the reply, or concludes it."""

import re

from seewhy.judging.answers.decoration import undress
from seewhy.judging.answers.findings import Abstention, Extraction, Rule
from seewhy.judging.answers.letters import ALONE, LED, letter_of

WORDS_OF_A_DIRECT_REPLY = 10
LONGEST_LINE = 400
MOST_LINES = 60
LONGEST_END = 1000

CONCLUSION = re.compile(r"\b(?i:so|therefore|thus|hence|choose|select|pick|go with)\b[^.\n]{0,80}?[\(\[]([A-Z])[\)\]]")
PARENTHESISED = re.compile(r"[\(\[]([A-Z])[\)\]]")
JUDGED = re.compile(
    r"(?<![\w(])[\(\[]?\b([A-Z])\b[\)\]]?(?:[.:)] [^.\n]{1,60})? (?:is|must be|should be|would be|seems|seems to be)"
    r" (?:therefore |thus |clearly |likely )?(?:the )?(?:(?:most )?(?:correct|right|best|likely|accurate|appropriate)\b"
    r"(?: (?:answer|option|choice|one))?|answer\b)(?=[*\s]{0,4}(?:[.,!]|$))"
)
CHOSEN = re.compile(
    r"(?:\b(?i:it's|it is|it must be|that's|would say|choose|select|pick|go with|opt for)|[选為为]项?择?[:：]?)"
    r"\s?(?:option |answer |choice )?[*(（\[]{0,3}([A-Z])[*)）\]]{0,3}(?=\s{0,3}(?:[.,!。，]|$))"
)
UNMEANT = re.compile(r"\b(?:not|n't|if|whether|neither|nor|or|either|why|than)\b|不")


def weak_letter(text: str, begin: int, options: tuple[str, ...]) -> Extraction | Abstention:
    """The letter of a reply without a final statement: it is all there is, leads it, or concludes it."""
    lines = [line for line in text[begin:].split("\n") if line.strip()]
    first, last = lines[0].strip(), lines[-1].strip()
    if len(lines) == 1 and len(first) <= LONGEST_LINE and len(first.split()) <= WORDS_OF_A_DIRECT_REPLY:
        letter = letter_of(first, options)
        if isinstance(letter, Abstention):
            concluded = _conclusion(text, begin, first, options)
            return concluded if isinstance(concluded, Extraction) else letter
        return _weak(letter, Rule.WHOLE, begin, len(text))
    led = _led_letters(lines, options)
    if len(led) == 1 and _leads(first):
        start = text.find(first, begin)
        return _weak(led.pop(), Rule.LEADING, start, start + len(first))
    at = text.rfind(last)
    is_short = len(last) <= LONGEST_LINE and len(last.split()) <= WORDS_OF_A_DIRECT_REPLY
    if len(lines) > 1 and is_short and (len(led) < 2 or ALONE.fullmatch(undress(last))):
        letter = letter_of(last, options, phrases=False)
        if isinstance(letter, str):
            return _weak(letter, Rule.LAST_LINE, at, at + len(last))
    return _conclusion(text, begin, last, options)


def _weak(letter: str, rule: Rule, start: int, end: int) -> Extraction:
    return Extraction(answer=letter, rule=rule, start=start, end=end)


def _leads(line: str) -> bool:
    line = line.strip()[:LONGEST_LINE]
    return LED.match(line.lstrip("*")) is not None or ALONE.fullmatch(undress(line)) is not None


def _led_letters(lines: list[str], options: tuple[str, ...]) -> set[str]:
    """The letters that lines begin with; more than one is a list of the options, not a choice."""
    led = [line.strip()[:LONGEST_LINE] for line in lines[:MOST_LINES] if _leads(line)]
    letters = (letter_of(line, options, phrases=False) for line in led)
    return {letter for letter in letters if isinstance(letter, str)}


def _conclusion(text: str, begin: int, last: str, options: tuple[str, ...]) -> Extraction | Abstention:
    """The one letter that the last line concludes, or that the end of the reply chooses or calls correct."""
    line = last[-LONGEST_LINE:]
    if (concluded := CONCLUSION.search(line)) and len(set(PARENTHESISED.findall(line))) == 1:
        start = text.rfind(line) + concluded.start()
        return _concluded(concluded[1], start, start + len(concluded[0]), options)
    begin = max(begin, len(text) - LONGEST_END)
    found = [
        each
        for form in (JUDGED, CHOSEN)
        for each in form.finditer(text, begin)
        if not UNMEANT.search(text[max(begin, each.start() - 24) : each.start()]) and not UNMEANT.search(each[0])
    ]
    if len({each[1] for each in found}) != 1:
        return Abstention("no final statement")
    return _concluded(found[-1][1], found[-1].start(), found[-1].end(), options)


def _concluded(letter: str, start: int, end: int, options: tuple[str, ...]) -> Extraction | Abstention:
    read = letter_of(letter, options)
    return read if isinstance(read, Abstention) else _weak(read, Rule.CONCLUSION, start, end)

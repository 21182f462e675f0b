"""Read the letter of a reply that makes no final statement: it is all there is, leads the reply, or concludes it."""

import re
from collections.abc import Iterator

from seewhy.judging.answers.decoration import normalise, undress
from seewhy.judging.answers.findings import Abstention, Extraction, Rule
from seewhy.judging.answers.letters import ALONE, BRACKETED, LED, letter_of
from seewhy.judging.answers.options import fold, letter_of_text

WORDS_OF_A_DIRECT_REPLY = 10
LONGEST_LINE = 400
MOST_LINES = 60
LONGEST_END = 1000
NO_STATEMENT = "no final statement"

CONCLUSION = re.compile(r"\b(?i:so|therefore|thus|hence|choose|select|pick|go with)\b[^.\n]{0,80}?[\(\[]([A-Z])[\)\]]")
JUDGED = re.compile(
    r"(?<![\w(])[\(\[]?\b([A-Z])\b[\)\]]?(?:[.:)] [^.\n]{1,60})? (?:is|must be|should be|would be|seems|seems to be)"
    r" (?:therefore |thus |clearly |likely )?(?:the |our |my )?"
    r"(?:(?:most )?(?:correct|right|best|likely|accurate|appropriate)\b"
    r"(?: (?:answer|option|choice|one))?|answer\b)(?=[*\s]{0,4}(?:[.,!:]|$))"
)
CHOSEN = re.compile(
    r"(?:\b(?i:it's|it is|it (?:must|should|can only|has to) be|that's|would say|choose|select|pick|go with|opt for"
    r"|(?:right|correct|best|matching) (?:one|letter|match|description|statement|caption) (?:is|would be|must be)"
    r"|(?:corresponds to|matches) (?=option|choice)"
    r"|(?:conclusion|verdict|choice|selection|selected|selected option|chosen option|prediction|decision|final|correct"
    r"|solution|result|pick)[*_]{0,3}\s?[:：][*_]{0,3})|[选為为]项?择?[是为]?[:：]?)"
    r"\s?(?:option |answer |choice )?[*(（\[]{0,3}([A-Z])[*)）\]]{0,3}"
    r"(?: here| then| in the list| from the list| above| as (?:my|the) (?:final )?(?:answer|choice))?"
    r"(?=\s{0,3}(?:[.,!。，\n]|$))"
)
ENDORSED = re.compile(
    r"(?:^|[.!?:,\n]\s{0,3}|\b(?i:so|thus|hence|therefore|option|choice|only)\s)[*(\[]{0,3}([A-Z])\b[)\]*]{0,3} "
    r"(?:it is|(?:fits|matches|works|describes (?:it|this))(?: the (?:picture|image|description|question|scene))?"
    r"(?: (?:best|better|well|perfectly|exactly)))(?=[*\s]{0,4}(?:[.,!]|$))"
)
LONE = re.compile(r"[A-Z](?![A-Za-z])")
BEFORE_A_LETTER, BEHIND_A_LETTER = 64, 192
"""Within so many characters `JUDGED`, `CHOSEN` and `ENDORSED` begin before their letter, and end with what follows."""
CORRECTED = re.compile(r"(?:\bnot|n't) (?:option )?[(\[]?[A-Z][)\]]?[,;.:]\s(?:but\s)?(?:rather\s)?$")
"""The letter before was denied, and not the one that follows."""
ENDS_IN_OPTION = re.compile(
    r"(?:\b(?i:option|choice|answer)|^(?i:so|therefore|thus|hence)[:,]?)\s[*(\[]{0,4}([A-Z])\b"
    r"(?:[*)\].:]{1,4}(?:\s?[^\n]{1,200})?)?[.*\s]*$"
)
ENDS_IN_BRACKETS = re.compile(
    r"\b(?:is|are|was|be|means|shows|to|with|as)[:,]?\s[*]{0,2}[(\[]([A-Z])[)\]](?:[*.:,]{0,3}\s?[^\n]{1,200})?$"
)
LAST_SENTENCE = re.compile(
    r"[a-z]{3}[)\"'”]?[.!?]\s{1,2}(?:(?i:so|therefore|thus|hence)[:,]?\s)?[*(\[]{0,4}([A-Z])[*)\].]{0,4}\s*$"
)
"""A letter that is a sentence of its own, at the end of the last line."""
ALSO = re.compile(
    r"\s{0,2}(?:[,&/]\s{0,2}|\b(?=and|or|nor))(?:(?:and|or|nor)\s)?(?:(?:also|maybe|possibly|perhaps|option)\s){0,2}"
    r"[(\[]?([A-Z])(?![A-Za-z'])"
)
"""A further letter that is joined to a chosen one."""
OPTION = re.compile(r"\b(?i:option|choice)\s[*(\[]{0,4}([A-Z])\b")
LONGEST_OPTION = 60
VERDICT = re.compile(
    r"^[ \t>*•-]{0,6}(?:(?i:option|choice) )?[(\[]?(?P<letter>[A-Z])[)\].:*]{1,3}[^\n]{0,200}?"
    r"(?:[:–—-]|\bis\b)[ \t]{0,3}[*_(]{0,3}(?P<verdict>correct|right|true|incorrect|wrong|false)\b",
    re.MULTILINE | re.IGNORECASE,
)
"""A line that calls an option correct or not."""
FIRST_SENTENCE = re.compile(r"\s*[*_\"]{0,3}([^.,;:!\n]{1,80})[*_\"]{0,3}[.,;:!]\s")
POLAR_WORDS = frozenset({"yes", "no"})
UNMEANT = re.compile(
    r"(?:\b(?:not|if|whether|neither|nor|or|either|why|than)\b|n't\b|不)(?![^\n]*[.!?。]\s|.*\n)", re.DOTALL
)
"""A word that takes back what follows it in the same sentence."""
REMARKS = re.compile(
    r"\n[ \t]*(?:[*_#]{1,4}[ \t]*)?"
    r"(?:(?:explanation|reasoning|rationale|justification|note|confidence|remark|reason)\b"
    r"(?:[*_ \t]{0,4}[:：]|[*_ \t]*\n)"
    r"|(?:i hope|hope (?:this|that|it)|let me know|please (?:let|note)|feel free|thank|is there anything|if you have|"
    r"would you like)\b)",
    re.IGNORECASE,
)
"""What begins remarks behind an answer."""


def weak_letter(text: str, begin: int, options: tuple[str, ...]) -> Extraction | Abstention:
    """The letter of a reply without a final statement: it is all there is, leads it, or concludes it.

    Where none is read, remarks that follow the answer ("I hope this helps", "Explanation: ...") are left out.
    """
    found = _weak_letter(text, begin, options)
    if isinstance(found, Abstention) and found.why == NO_STATEMENT and (remarks := REMARKS.search(text, begin)):
        before = text[: remarks.start()]
        own = _weak_letter(before, begin, options) if before[begin:].strip() else found
        return own if isinstance(own, Extraction) else found
    return found


def _only_correct(text: str, begin: int, options: tuple[str, ...]) -> Extraction | None:
    """The one option that a list of verdicts calls correct, where every other one of the list is called incorrect."""
    said = list(VERDICT.finditer(text, begin)) if "\n" in text[begin:] else []
    right = [each for each in said if each["verdict"].casefold() in ("correct", "right", "true")]
    if len(right) != 1 or len(said) < 2 or len({each["letter"] for each in said}) != len(said):
        return None
    found = _concluded(right[0]["letter"], *right[0].span("letter"), options)
    return found if isinstance(found, Extraction) else None


def _weak_letter(text: str, begin: int, options: tuple[str, ...]) -> Extraction | Abstention:
    lines = [line for line in text[begin:].split("\n") if line.strip()]
    first, last = lines[0].strip(), lines[-1].strip()
    if len(lines) == 1 and len(first) <= LONGEST_LINE and len(first.split()) <= WORDS_OF_A_DIRECT_REPLY:
        return _short_reply(text, begin, first, options)
    led = _led_letters(lines, options)
    if len(led) == 1 and _leads(first):
        start = text.find(first, begin)
        return _weak(led.pop(), Rule.LEADING, start, start + len(first))
    if len(lines) > 1 and (letter := _last_line(text, begin, lines[-2].strip(), last, len(led), options)):
        at = text.rfind(last)
        return _weak(letter, Rule.LAST_LINE, at, at + len(last))
    concluded = conclusion(text, begin, options)
    if isinstance(concluded, Extraction):
        return concluded
    return _first_sentence(text, begin, options) or _only_correct(text, begin, options) or concluded


def _short_reply(text: str, begin: int, reply: str, options: tuple[str, ...]) -> Extraction | Abstention:
    """A letter of its own before a conclusion, and that before an option's text among other words."""
    letter = letter_of(reply, options, phrases=False)
    if isinstance(letter, str):
        return _weak(letter, Rule.WHOLE, begin, len(text))
    concluded = conclusion(text, begin, options)
    if isinstance(concluded, Extraction):
        return concluded
    phrase = letter_of(reply, options)
    if isinstance(phrase, str):
        return _weak(phrase, Rule.WHOLE, begin, len(text))
    return _first_sentence(text, begin, options) or phrase


def _last_line(text: str, begin: int, before: str, last: str, led: int, options: tuple[str, ...]) -> str | None:
    """The letter of the last line, if it is short or announced; bare text must come after a finished line."""
    is_announced = before.endswith((":", ":**", "："))
    is_short = len(last) <= LONGEST_LINE and len(last.split()) <= WORDS_OF_A_DIRECT_REPLY
    is_alone = ALONE.fullmatch(undress(last)) and not ALONE.fullmatch(undress(before))
    if not is_announced and not (is_short and (led < 2 or is_alone)):
        return None
    if not _leads(last) and before[-1:].isalpha() and not text[begin : text.rfind(last)].endswith("\n\n"):
        return None
    letter = letter_of(last, options, phrases=False)
    return letter if isinstance(letter, str) else None


def _first_sentence(text: str, begin: int, options: tuple[str, ...]) -> Extraction | None:
    """The option whose text is the first sentence or clause, where the rest names no other option."""
    reply = text[begin : begin + LONGEST_END]
    first = FIRST_SENTENCE.match(reply)
    if first is None or (letter := letter_of_text(first[1], options)) is None:
        return None
    if first[1].casefold() in POLAR_WORDS:
        return _weak(letter, Rule.LEADING, begin + first.start(1), begin + first.end(1))
    rest = f" {normalise(reply[first.end() :])} "
    others = (fold(option) for option in options if fold(option) != fold(first[1]))
    if any(re.search(rf"(?<!\w){re.escape(other)}(?!\w)", rest) for other in others if other):
        return None
    return _weak(letter, Rule.LEADING, begin + first.start(1), begin + first.end(1))


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


def conclusion(text: str, begin: int, options: tuple[str, ...]) -> Extraction | Abstention:
    """The one letter that the last line concludes, or that the end of the reply chooses, calls correct or ends in."""
    line = text[begin:].rstrip().rpartition("\n")[2].strip()[-LONGEST_LINE:]
    if (concluded := CONCLUSION.search(line)) and len(set(BRACKETED.findall(line))) == 1:
        start = text.rfind(line) + concluded.start()
        return _concluded(concluded[1], start, start + len(concluded[0]), options)
    begin = max(begin, len(text) - LONGEST_END)
    found = [
        each
        for form in (JUDGED, CHOSEN, ENDORSED)
        for each in around_letters(form, text, begin)
        if not _is_unmeant(text[max(begin, each.start() - 24) : each.start()]) and not UNMEANT.search(each[0])
    ]
    if any((other := ALSO.match(text, each.end())) and other[1] != each[1] for each in found):
        return Abstention(NO_STATEMENT)
    if len({each[1] for each in found}) == 1:
        return _concluded(found[-1][1], found[-1].start(), found[-1].end(), options)
    return Abstention(NO_STATEMENT) if found else _ending(text, line, options)


def around_letters(form: re.Pattern[str], text: str, begin: int) -> Iterator[re.Match[str]]:
    """`form.finditer(text, begin)` of a form that chooses a capital letter; the text far from one is passed over."""
    for letter in LONE.finditer(text, begin):
        at = letter.start()
        if at < begin:
            continue
        found = form.search(text, max(begin, at - BEFORE_A_LETTER), at + BEHIND_A_LETTER)
        if found and found.start(1) == at:
            yield found
            begin = found.end()


def _is_unmeant(before: str) -> bool:
    return UNMEANT.search(before) is not None and CORRECTED.search(before) is None


def _ending(text: str, line: str, options: tuple[str, ...]) -> Extraction | Abstention:
    """The option that the last sentence ends in, by its letter and perhaps its text."""
    sentence = line[max(line.rfind(". ", 0, len(line) - LONGEST_OPTION), line.rfind("? "), 0) :].lstrip(".? ")
    if (alone := LAST_SENTENCE.search(line, max(0, len(line) - LONGEST_OPTION))) and UNMEANT.search(
        line[: alone.start(1)]
    ) is None:
        start = text.rfind(line) + alone.start(1)
        return _concluded(alone[1], start, start + 1, options)
    for form in (ENDS_IN_OPTION, ENDS_IN_BRACKETS):
        ended = form.search(sentence)
        if ended is None or UNMEANT.search(sentence[max(0, ended.start() - 24) : ended.start()]):
            continue
        is_alone = {*BRACKETED.findall(sentence), *OPTION.findall(sentence)} <= {ended[1]}
        rest = sentence[ended.end(1) :].strip(")]*. ,:")
        if is_alone and (not rest or letter_of_text(rest, options) == ended[1]):
            start = text.rfind(sentence) + ended.start()
            return _concluded(ended[1], start, start + len(ended[0]), options)
    return Abstention(NO_STATEMENT)


def _concluded(letter: str, start: int, end: int, options: tuple[str, ...]) -> Extraction | Abstention:
    read = letter_of(letter, options)
    return read if isinstance(read, Abstention) else _weak(read, Rule.CONCLUSION, start, end)

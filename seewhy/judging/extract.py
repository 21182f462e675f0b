"""Read the answer a reply states, or abstain with the reason; never guess.

Explicit final statements come before weak ones, the last before the first, and what stands inside
`<think>` never wins over what follows it. The formats are those of LLaVA-Reasoner (`### Answer:`), MPO
(`Final answer:`, boxed, `<answer>`), MM-CoT and ARES (`The answer is (A).`), and mm-cot-rlaif
(`Here is my response:`).
"""

import math
import re

from seewhy.judging.decoration import undress
from seewhy.judging.findings import Abstention, Extraction, Rule
from seewhy.judging.letters import ALONE, LED, letter_of
from seewhy.judging.statements import STRONG, last_statement
from seewhy.records.types import MatchRule, Style

WORDS_OF_A_DIRECT_REPLY = 10
WORDS = {Style.DIRECT: WORDS_OF_A_DIRECT_REPLY, Style.REASON: 4}
"""A reply that was asked to reason and says no more than this has answered; a longer one broke off."""
LONGEST_LINE = 400
MOST_LINES = 60

RESPONSE_MARK = re.compile(r"my response[*_ \t]{0,4}[:：]")
REFUSAL = re.compile(
    r"(?:sorry|(?:i|we) (?:cannot|can't|can not|do not|don't|am|could)\b|i'm\b|it is (?:not|un)|unable)"
)
CONCLUSION = re.compile(r"\b(?:so|therefore|thus|hence|choose|select|pick|go with)\b[^.\n]{0,80}?[\(\[]([A-Z])[\)\]]")
PARENTHESISED = re.compile(r"[\(\[]([A-Z])[\)\]]")
POLAR = re.compile(r"\W{0,8}(yes|no)\b(?!\s?/|\s(?:or|and)\b)", re.IGNORECASE)


def extract_answer(
    text: str,
    options: tuple[str, ...] = (),
    *,
    rule: MatchRule = MatchRule.EXACT,
    style: Style = Style.REASON,
) -> Extraction | Abstention:
    """The answer that `text` states, in linear time.

    With `options` the answer is a capital letter, under `MatchRule.YES_NO` it is "yes" or "no", and otherwise the
    words of the statement without decoration.

    Example:
        >>> extract_answer("Row 1 holds 5 and 7. ### Answer: 12").answer
        '12'
        >>> extract_answer("The answer is (E).", ("cat", "dog")).why
        'letter E is not among the 2 options'
    """
    low = lower(text)
    begin = reply_start(low)
    if isinstance(begin, Abstention):
        return begin
    statement = last_statement(low, begin, options=bool(options))
    if statement and not (_is_read_whole(rule, style) and statement.rule not in STRONG):
        return _read(text, statement.rule, statement.start, statement.end, options, rule)
    if options:
        return _weak_letter(text, begin, options)
    if rule is MatchRule.YES_NO:
        return _read(text, Rule.WHOLE, begin, len(text), options, rule)
    return _whole_reply(text, begin, math.inf if _is_read_whole(rule, style) else WORDS[style])


def _is_read_whole(rule: MatchRule, style: Style) -> bool:
    """Containment looks for the gold anywhere in a direct reply; a chain of thought must say where it answers."""
    return rule is MatchRule.CONTAINMENT and style is Style.DIRECT


def lower(text: str) -> str:
    """`text` in lower case at the same offsets: the few letters that would grow stay as they are."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def reply_start(low: str) -> int | Abstention:
    """Where the part that counts begins: after the thinking, after the words that announce a response."""
    closed, opened = low.rfind("</think>"), low.rfind("<think>")
    if opened > closed:
        return Abstention("the reply ends while still thinking")
    begin = closed + len("</think>") if closed >= 0 else 0
    announced = low.rfind("my response", begin)
    if announced >= 0 and (mark := RESPONSE_MARK.match(low, announced)):
        begin = mark.end()
    return begin if low[begin:].strip() else Abstention("the reply is empty")


def _read(
    text: str, form: Rule, start: int, end: int, options: tuple[str, ...], rule: MatchRule
) -> Extraction | Abstention:
    value = text[start:end]
    if options:
        answer = letter_of(value, options)
    elif rule is MatchRule.YES_NO:
        answer = _polar(value)
    else:
        answer = undress(value)
    if isinstance(answer, Abstention):
        return answer
    if not answer:
        return Abstention("the final statement holds no words")
    return Extraction(answer=answer, rule=form, start=start, end=end)


def _polar(value: str) -> str | Abstention:
    word = POLAR.match(value)
    return word[1].lower() if word else Abstention("the answer begins with neither yes nor no")


def _whole_reply(text: str, begin: int, longest: float) -> Extraction | Abstention:
    """A reply that is nothing but a few words is its own answer; with no limit on the words every reply is."""
    reply = text[begin:].strip()
    if longest < math.inf and (len(reply) > LONGEST_LINE or "\n" in reply or len(reply.split()) > longest):
        return Abstention("no final statement")
    if REFUSAL.match(lower(reply)):
        return Abstention("the reply declines to answer")
    answer = undress(reply)
    if not any(letter.isalnum() for letter in answer):
        return Abstention("the reply holds no words")
    return Extraction(answer=answer, rule=Rule.WHOLE, start=begin, end=len(text))


def _weak_letter(text: str, begin: int, options: tuple[str, ...]) -> Extraction | Abstention:
    """The letter of a reply without a final statement: it is all there is, leads it, or concludes it."""
    lines = [line for line in text[begin:].split("\n") if line.strip()]
    first, last = lines[0].strip(), lines[-1].strip()
    if len(lines) == 1 and len(first) <= LONGEST_LINE and len(first.split()) <= WORDS_OF_A_DIRECT_REPLY:
        letter = letter_of(first, options)
        return _weak(letter, Rule.WHOLE, begin, len(text)) if isinstance(letter, str) else letter
    led = _led_letters(lines, options)
    if len(led) == 1 and LED.match(first.lstrip("*")):
        start = text.find(first, begin)
        return _weak(led.pop(), Rule.LEADING, start, start + len(first))
    at = text.rfind(last)
    is_short = len(last) <= LONGEST_LINE and len(last.split()) <= WORDS_OF_A_DIRECT_REPLY
    if len(lines) > 1 and is_short and (len(led) < 2 or ALONE.fullmatch(undress(last))):
        letter = letter_of(last, options, phrases=False)
        if isinstance(letter, str):
            return _weak(letter, Rule.LAST_LINE, at, at + len(last))
    return _conclusion(last[-LONGEST_LINE:], at, len(last), options)


def _weak(letter: str, rule: Rule, start: int, end: int) -> Extraction:
    return Extraction(answer=letter, rule=rule, start=start, end=end)


def _led_letters(lines: list[str], options: tuple[str, ...]) -> set[str]:
    """The letters that lines begin with; more than one is a list of the options, not a choice."""
    led = [line.strip()[:LONGEST_LINE] for line in lines[:MOST_LINES] if LED.match(line.strip().lstrip("*"))]
    letters = (letter_of(line, options, phrases=False) for line in led)
    return {letter for letter in letters if isinstance(letter, str)}


def _conclusion(line: str, at: int, length: int, options: tuple[str, ...]) -> Extraction | Abstention:
    """The one parenthesised letter after a word that concludes, where the line names no other."""
    concluded = CONCLUSION.search(line)
    if concluded is None or len(set(PARENTHESISED.findall(line))) > 1:
        return Abstention("no final statement")
    letter = letter_of(concluded[1], options)
    return letter if isinstance(letter, Abstention) else _weak(letter, Rule.CONCLUSION, at, at + length)

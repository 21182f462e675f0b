"""Read the answer a reply states, or abstain with the reason; never guess.

Explicit final statements come before weak ones, the last before the first, and what stands inside
`<think>` never wins over what follows it. The formats are those of LLaVA-Reasoner (`### Answer:`), MPO
(`Final answer:`, boxed, `<answer>`), MM-CoT and ARES (`The answer is (A).`), and mm-cot-rlaif
(`Here is my response:`).
"""

import math
import re

from seewhy.judging.answers.decoration import undress
from seewhy.judging.answers.findings import Abstention, Extraction, Rule
from seewhy.judging.answers.letters import letter_of, names_an_option
from seewhy.judging.answers.statements import STRONG, Statement, statements_by_rank
from seewhy.judging.answers.weak_letters import LONGEST_LINE, WORDS_OF_A_DIRECT_REPLY, weak_letter
from seewhy.judging.answers.thinking import thinking_ends
from seewhy.records.types import MatchRule, Style

WORDS = {Style.DIRECT: WORDS_OF_A_DIRECT_REPLY, Style.REASON: 4}
"""A reply that was asked to reason and says no more than this has answered; a longer one broke off."""

STILL_THINKING = "the reply ends while still thinking"
SPOKEN = re.compile(r"\S")
RESPONSE_MARK = re.compile(r"my response[*_ \t]{0,4}[:：]")
REFUSAL = re.compile(
    r"(?:sorry|(?:i|we) (?:cannot|can't|can not|do not|don't|am|could)\b|i'm\b|it is (?:not|un)|unable)"
)
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
    statement = _statement(text, statements_by_rank(low, begin, options=bool(options)), options)
    if statement and not (_is_read_whole(rule, style) and statement.rule not in STRONG):
        return _read(text, statement.rule, statement.start, statement.end, options, rule)
    if options:
        return weak_letter(text, begin, options)
    if rule is MatchRule.YES_NO:
        return _read(text, Rule.WHOLE, begin, len(text), options, rule)
    return _whole_reply(text, begin, math.inf if _is_read_whole(rule, style) else WORDS[style])


def _statement(text: str, ranked: list[Statement], options: tuple[str, ...]) -> Statement | None:
    """The first of the statements; a weak one that speaks of no option ("the answer lies in the ears") makes way."""
    if options and ranked and ranked[0].rule not in STRONG:
        telling = (each for each in ranked if names_an_option(text[each.start : each.end], options))
        return next(telling, ranked[0])
    return ranked[0] if ranked else None


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
    begin = thinking_ends(low)
    if begin is None:
        return Abstention(STILL_THINKING)
    announced = low.rfind("my response", begin)
    if announced >= 0 and (mark := RESPONSE_MARK.match(low, announced)):
        begin = mark.end()
    return begin if SPOKEN.search(low, begin) else Abstention("the reply is empty")


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
    word = POLAR.match(undress(value[:LONGEST_LINE]))
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

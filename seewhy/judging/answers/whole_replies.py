"""Read a reply that states nothing in so many words, without options: a few words, one number, a gold answer."""

import re

from seewhy.judging.answers.decoration import undress
from seewhy.judging.answers.findings import Abstention, Extraction, Rule
from seewhy.judging.answers.formulas import plain_value
from seewhy.judging.answers.numbers import read_number
from seewhy.judging.answers.signs import lower
from seewhy.judging.answers.values import NUMERIC, value_of
from seewhy.judging.answers.weak_letters import LONGEST_LINE, REMARKS, WORDS_OF_A_DIRECT_REPLY
from seewhy.records.types import MatchRule, Style

WORDS = {Style.DIRECT: WORDS_OF_A_DIRECT_REPLY, Style.REASON: 4, Style.PLAIN: 4}
"""A reply that was not asked for the answer alone and says no more than this has answered; a longer one broke off."""

WORDS_OF_A_CALCULATION = 12
REFUSAL = re.compile(
    r"(?:sorry\b|unable\b|(?:i|we) (?:cannot|can't|can not|do not|don't|could not|couldn't)\b"
    r"|(?:i am|i'm|we are|we're) (?:so |very |really )?(?:sorry|not|unable|afraid|unsure)\b"
    r"|it(?: is|'s) (?:not (?:possible|clear|visible|legible|readable|shown|given|known|certain|stated|specified)"
    r"|un(?:clear|known|certain|readable|able|determin|specified|answer|visible))|it is not\.?$)"
)
TAGS = re.compile(r"(?:<answer>\s*</?answer>?\s*)+")
"""A tag that holds no answer."""
LISTED_NUMBER = re.compile(r"\d{1,2}[.)]")
TAKEN_BACK = re.compile(
    r"\b(?:wait|actually|correction|corrected|mistake|sorry|instead|however|but|or|not)\b|n't\b", re.IGNORECASE
)


def is_read_whole(rule: MatchRule, style: Style) -> bool:
    """Containment looks for the gold anywhere in a direct reply; a chain of thought must say where it answers."""
    return rule is MatchRule.CONTAINMENT and style is Style.DIRECT


def whole_reply(text: str, begin: int, style: Style, rule: MatchRule) -> Extraction | Abstention:
    """A reply that is nothing but a few words is its own answer; one that is read whole may be of any length.

    So may one be that goes on with remarks ("Explanation: ..."), a sentence that says one number, and a direct reply
    whose first paragraph is a number alone.
    """
    is_whole = is_read_whole(rule, style)
    reply, end = text[begin:].strip(), len(text)
    if not is_whole and "\n" in reply and (own := _before_remarks(reply, rule, style)):
        reply, end = own, text.index(own, begin) + len(own)
    if not is_whole and (len(reply) > LONGEST_LINE or "\n" in reply):
        return Abstention("no final statement")
    said = undress(reply)
    value = value_of(said, rule)
    if not is_whole:
        says_one = rule in NUMERIC and ("=" in reply or value != said)
        if len(reply.split()) > max(WORDS[style], WORDS_OF_A_CALCULATION if says_one else 0):
            return Abstention("no final statement")
    if rule in NUMERIC and reply.endswith("?"):
        return Abstention("the reply asks")
    if REFUSAL.match(lower(reply)):
        return Abstention("the reply declines to answer")
    if not any(letter.isalnum() for letter in value) or TAGS.fullmatch(value):
        return Abstention("the reply holds no words")
    return Extraction(answer=value, rule=Rule.WHOLE, start=begin, end=end)


def _before_remarks(reply: str, rule: MatchRule, style: Style) -> str | None:
    """What stands before remarks on it, or the number alone that a direct reply begins with and does not take back."""
    if remarks := REMARKS.search(reply):
        return reply[: remarks.start()].strip()
    if style is not Style.DIRECT or rule not in NUMERIC:
        return None
    first, _, rest = reply.partition("\n\n")
    said = undress(first)
    if LISTED_NUMBER.fullmatch(first) or TAKEN_BACK.search(rest):
        return None
    last = undress(reply.rpartition("\n")[2])
    is_other = last != said and (plain_value(last) is not None or read_number(last) is not None)
    return first if not is_other and rest and (plain_value(said) is not None or read_number(said)) else None

"""Where a reply states its answer behind a box: the box held a step on the way."""

import re
from collections.abc import Sequence

from seewhy.judging.answers.decoration import undress
from seewhy.judging.answers.findings import Rule
from seewhy.judging.answers.formulas import plain_value
from seewhy.judging.answers.numbers import read_number
from seewhy.judging.answers.statements import Statement
from seewhy.judging.answers.values import NUMERIC, polar_of, value_of
from seewhy.records.types import MatchRule

WORDS_OF_A_VALUE = 4
COMMAND = re.compile(r"\\[A-Za-z]+")
WORD = re.compile(r"[A-Za-z]{3}")
REMARKS = frozenset({
    "correct", "right", "wrong", "incorrect", "exact", "approximate", "above", "below", "boxed", "rounded", "same",
    "consistent", "unique", "clear", "valid", "reasonable", "verified", "confirmed", "simplified", "given", "found",
})  # fmt: skip
"""Words with which a reply speaks of the answer that it has boxed."""


def later_than_a_box(text: str, ranked: Sequence[Statement], rule: MatchRule) -> Statement | None:
    r"""The last statement behind the box that `ranked` begins with, if it says a value by `rule`; else None.

    A line "Answer: 12" wins over an earlier box. "The answer is 12" does where its value is a number alone, or where
    the box holds none: `\boxed{12}`, and behind it "the answer is in cm", stays 12.
    """
    box = ranked[0]
    later = [each for each in ranked if each.start > box.end] if box.rule is Rule.BOXED else []
    if not later:
        return None
    last = max(later, key=lambda each: each.start)
    said = undress(text[last.start : last.end])
    if not _is_value(said, rule):
        return None
    boxed = undress(text[box.start : box.end])
    is_plain = plain_value(said) is not None if rule in NUMERIC else len(said.split()) <= WORDS_OF_A_VALUE
    return last if last.rule is Rule.LINE or is_plain or not _is_value(boxed, rule) else None


def _is_value(said: str, rule: MatchRule) -> bool:
    if rule is MatchRule.YES_NO:
        return polar_of(said) is not None
    if rule in NUMERIC:
        value = value_of(said, rule)
        is_formula = rule is MatchRule.MATH and "=" not in value and not WORD.search(COMMAND.sub("", value))
        return is_formula or plain_value(value) is not None or read_number(value) is not None
    return bool(said) and "=" not in said and REMARKS.isdisjoint(said.casefold().replace(",", " ").split())

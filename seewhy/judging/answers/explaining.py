"""How the answer of a reply is read, and what its verdict is, in named parts."""

import string
from collections.abc import Sequence
from typing import NamedTuple

from seewhy.judging.answers.compat import Compat, grader_of
from seewhy.judging.answers.extract import extract_answer
from seewhy.judging.answers.findings import Abstention, Extraction
from seewhy.judging.answers.math_process import MathProcess
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import Chain, FinishReason, MatchRule, Question, Style, Verdict

OPENING, CLOSING = "⟦", "⟧"
NAMED = 9
"""Characters of a line that the name of its part takes."""
AROUND = 160
"""Characters of the reply shown on each side of the place."""
MAX_OPTIONS = len(string.ascii_uppercase)


class Part(NamedTuple):
    r"""A part of an explanation.

    Example:
        >>> print(Part("reply", "it is\n⟦B⟧"))
        reply    it is
                 ⟦B⟧
    """

    name: str
    text: str

    def __str__(self) -> str:
        """Its line, with further ones below the text."""
        return self.name.ljust(NAMED) + self.text.replace("\n", "\n" + " " * NAMED)


def option_texts(said: Sequence[str], rule: MatchRule) -> tuple[str, ...]:
    """The texts of the options: as said, or of a number of them made up.

    Example:
        >>> option_texts(["2"], MatchRule.LETTER), option_texts(["cat", "dog"], MatchRule.LETTER)
        (('option A', 'option B'), ('cat', 'dog'))

    Raises:
        ValueError: there are none under `letter`, or one, or more than 26.
    """
    count = int(said[0]) if len(said) == 1 and said[0].isdecimal() else None
    if (len(said) if count is None else count) in range(2, MAX_OPTIONS + 1):
        return tuple(said) if count is None else tuple(f"option {letter}" for letter in string.ascii_uppercase[:count])
    if not said and rule is not MatchRule.LETTER:
        return ()
    raise ValueError(f"`options` needs 2 to {MAX_OPTIONS} texts, or their number, such as `options` 4")


def explain(question: Question, answers: Sequence[str], text: str, style: Style) -> list[Part]:
    """The parts of an explanation; `answers` are the question's right ones, to be shown."""
    found = extract_answer(text, question.options, rule=question.gold.rule, style=style)
    parts = _reading(text, found)
    if not answers:
        return [*parts, Part("verdict", "none: --gold names no right answer")]
    prove = MathProcess()
    chain = Chain(question_id=question.id, index=0, style=style, text=text, stop=FinishReason.END, sampler="", seed=0)
    verdict = OutcomeJudge(prove=prove)(question, chain)
    parts.append(Part("gold", f"{' | '.join(answers)}  (rule {question.gold.rule})"))
    parts.append(Part("verdict", f"{_words(verdict)}: {verdict.why}"))
    parts += _suites(question, chain, verdict, prove)
    prove.close()
    return parts


def _reading(text: str, found: Extraction | Abstention) -> list[Part]:
    if isinstance(found, Abstention):
        return [Part("rule", f"none: {found.why}"), Part("reply", _shown(text, len(text), len(text)))]
    return [
        Part("rule", f"{found.rule}, characters {found.start} to {found.end}"),
        Part("reply", _shown(text, found.start, found.end)),
        Part("answer", found.answer),
    ]


def _shown(text: str, start: int, end: int) -> str:
    """The reply around the place that the answer was read from, which is in brackets of its own."""
    before, place, after = text[:start], text[start:end], text[end:]
    if len(before) > AROUND:
        before = f"…{before[-AROUND:]}"
    if len(place) > 2 * AROUND:
        place = f"{place[:AROUND]} … {place[-AROUND:]}"
    if len(after) > AROUND:
        after = f"{after[:AROUND]}…"
    marked = f"{OPENING}{place}{CLOSING}" if place else ""
    return f"{before}{marked}{after}"


def _words(verdict: Verdict) -> str:
    score = "" if verdict.score in (None, 0.0, 1.0) else f", score {verdict.score:.3f}"
    return f"{verdict.outcome.replace('_', ' ')}{score}"


def _suites(question: Question, chain: Chain, ours: Verdict, prove: MathProcess) -> list[Part]:
    """What each suite would say where it differs, and who agrees."""
    parts: list[Part] = []
    agreeing: list[str] = []
    for compat in (each for each in Compat if each is not Compat.PAPER and grader_of(each, question)):
        verdict = OutcomeJudge(compat=compat, prove=prove)(question, chain)
        if (verdict.outcome, verdict.score) == (ours.outcome, ours.score):
            agreeing.append(compat)
        else:
            parts.append(Part("compat", f"{compat}: {_words(verdict)}, reads {verdict.answer!r}: {verdict.why}"))
    if agreeing:
        parts.append(Part("compat", f"the same verdict: {', '.join(agreeing)}"))
    return parts

"""The judge that compares a chain's final answer with the gold one; it never guesses."""

import string
from collections.abc import Sequence
from dataclasses import dataclass, field

from seewhy.judging.answers.compat import Compat, grade_as
from seewhy.judging.answers.decoration import normalise, undress
from seewhy.judging.answers.extract import STILL_THINKING, extract_answer
from seewhy.judging.answers.findings import Abstention, Extraction, Rule
from seewhy.judging.answers.matching import Prover, match_answer
from seewhy.judging.answers.math_process import MathProcess
from seewhy.judging.answers.suites.graded import Graded
from seewhy.records.ranges import require_share
from seewhy.records.thinking import after_thinking, closes_unopened, thinking_ends
from seewhy.records.types import Chain, MatchRule, Outcome, Question, Verdict

LEAST_LEFT_OUT = 3
"""Characters at least that reading a value out of words leaves out, as of "It is 5"."""
MARKS_AT_ONCE = 64
"""Characters of a long reply that are looked at beyond twice the length of a gold answer."""
WITHOUT_MARKS = dict.fromkeys(number for number in range(128) if not chr(number).isalnum())
"""For `str.translate`: takes all but the letters and digits out of a text in ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeJudge:
    """Grades by the gold answer: the reward that trains, the filter that distils and the metric that reports.

    A chain without a readable final answer is NO_ANSWER; one whose gold cannot be compared with is UNJUDGED.
    """

    name: str = "outcome"
    """Of the judge in its verdicts."""
    correct_at: float = 0.5
    """Least score of a correct answer. Only ANLS and VQA soft accuracy know scores other than 0 and 1; `Verdict.score`
    keeps them."""
    compat: Compat = Compat.PAPER
    """The evaluation suite whose quirks to reproduce; `paper` is none (`docs/grading.md`)."""
    prove: Prover = field(default_factory=MathProcess, compare=False, repr=False)
    """Whether two formulas are equal."""

    def __post_init__(self) -> None:
        """Refuse a bound that no score reaches, or that every score does."""
        require_share(self, "correct_at")

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order.

        Where a chain closes a thought that it did not open, the chat template began it, for the other chains of the
        same sampler and style too: of those, one without a closing mark ends within its thought.
        """
        begun = {(chain.sampler, chain.style) for chain in chains if closes_unopened(chain.text)}
        return tuple(
            self._verdict(chain, Outcome.NO_ANSWER, Abstention(STILL_THINKING), STILL_THINKING)
            if (chain.sampler, chain.style) in begun and after_thinking(chain.text) == chain.text
            else self(question, chain)
            for chain in chains
        )

    def __call__(self, question: Question, chain: Chain) -> Verdict:
        """The verdict on one chain."""
        if graded := grade_as(self.compat, question, chain.text, self.prove):
            return self._suite_verdict(chain, graded)
        found = extract_answer(chain.text, question.options, rule=question.gold.rule, style=chain.style)
        if question.gold.rule is MatchRule.OPEN:
            return self._verdict(chain, Outcome.UNJUDGED, found, "an open question has no rule to match by")
        if (said := _repeated_gold(question, chain.text, found)) is not None:
            found = said
        if isinstance(found, Abstention):
            return self._verdict(chain, Outcome.NO_ANSWER, found, found.why)
        match = match_answer(question.gold, _comparable(question, found.answer), question.options, self.prove)
        return self._verdict(chain, self._outcome(match.score), found, match.why, match.score)

    def _outcome(self, score: float | None) -> Outcome:
        if score is None:
            return Outcome.UNJUDGED
        return Outcome.CORRECT if score >= self.correct_at else Outcome.INCORRECT

    def _suite_verdict(self, chain: Chain, graded: Graded) -> Verdict:
        outcome = Outcome.NO_ANSWER if graded.answer is None else self._outcome(graded.score)
        return Verdict(
            question_id=chain.question_id,
            index=chain.index,
            style=chain.style,
            judge=f"{self.name}, {self.compat}",
            outcome=outcome,
            score=graded.score,
            answer=graded.answer,
            rule=None if graded.answer is None else f"{self.compat}: {graded.how}",
            why=graded.how,
        )

    def _verdict(
        self, chain: Chain, outcome: Outcome, found: Extraction | Abstention, why: str, score: float | None = None
    ) -> Verdict:
        is_found = isinstance(found, Extraction)
        return Verdict(
            question_id=chain.question_id,
            index=chain.index,
            style=chain.style,
            judge=self.name,
            outcome=outcome,
            score=score,
            answer=found.answer if is_found else None,
            rule=found.rule if is_found else None,
            why=why,
        )


def _repeated_gold(question: Question, text: str, found: Extraction | Abstention) -> Extraction | None:
    """The statement, or the whole reply of whatever length, where it is a gold answer word for word."""
    if question.options or question.gold.rule is MatchRule.YES_NO:
        return None
    stated = isinstance(found, Extraction)
    if stated and found.end - found.start < len(found.answer) + LEAST_LEFT_OUT:
        return None
    start, end = (found.start, found.end) if stated else (thinking_ends(text) or 0, len(text))
    if is_longer(text[start:end], question.gold.answers):
        return None
    said = undress(text[start:end])
    if not said or (stated and said == found.answer):
        return None
    wanted = normalise(said)
    if not any(normalise(gold) == wanted for gold in question.gold.answers):
        return None
    return Extraction(answer=said, rule=found.rule if stated else Rule.WHOLE, start=start, end=end)


def is_longer(said: str, golds: Sequence[str]) -> bool:
    """Whether it surely has more letters and digits than every gold answer: undressing plain ASCII takes none away."""
    longest = max(map(len, golds), default=0)
    if len(said) <= longest or not said.isascii() or not all(map(str.isascii, golds)) or "\\" in said or "~~" in said:
        return False
    return len(said[: 2 * longest + MARKS_AT_ONCE].translate(WITHOUT_MARKS)) > longest


def _comparable(question: Question, answer: str) -> str:
    """The chosen option's text where the gold is compared as text: a MATH gold with options, for one."""
    if question.options and question.gold.rule is not MatchRule.LETTER:
        return question.options[string.ascii_uppercase.index(answer)]
    return answer

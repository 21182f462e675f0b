"""The judge that grades each chain alone by four criteria and as a whole, once or by several votes.

Source: mm-cot-rlaif, whose criteria these are; the words of its prompt are not known. Unlike it, this judge sees the
picture, joins its grades by id, and never turns a reply that cannot be read into a grade.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from statistics import fmean
from typing import cast

from seewhy.endpoints.chat import ChatModel, ChatResponse, Request
from seewhy.judging.asking.messages import (
    give_verdict,
    judge_each,
    leave_unjudged,
    name_judge,
    request_about,
    request_tag,
)
from seewhy.judging.asking.replies import Fields, Unread, read_object
from seewhy.judging.asking.schema import TEXT, form_of, object_of, one_of
from seewhy.judging.outcome import OutcomeJudge
from seewhy.judging.prompts.template import PromptTemplate, builtin_prompt
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, Outcome, Question, Verdict

CRITERIA = ("reasoning_quality", "visual_evidence", "answer_accuracy", "unique_insights")
OVERALL = "overall"
LOWEST, HIGHEST = 1, 5
GRADE = one_of(*range(LOWEST, HIGHEST + 1))
FORM = form_of("rubric", object_of(id=TEXT, explanation=TEXT, **dict.fromkeys((*CRITERIA, OVERALL), GRADE)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grades:
    """One vote on one chain.

    Example:
        >>> Grades(criteria={"answer_accuracy": 5}, overall=4, explanation="Right.").overall
        4
    """

    criteria: dict[str, int]
    overall: int
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricJudge:
    """Grades of 1 to 5; `Verdict.score` is the mean overall grade of the votes that can be read.

    `Verdict.agreement` is the share of pairs of votes that give the same overall grade.
    """

    chat_model: ChatModel
    template: PromptTemplate = field(default_factory=lambda: builtin_prompt("rubric"))
    votes: int = 1
    """Replies asked for each chain; more than half of them must be readable, else the chain is UNJUDGED."""
    temperature: float = 0.0
    """Of the judge's replies; several votes need one above 0 to differ."""
    max_tokens: int = 600
    """Tokens of a reply, at most."""
    correct_at: float = 4.0
    """Least mean grade of answer_accuracy, from 1 to 5, of a chain that is called CORRECT."""
    show_gold: bool = False
    """Whether the judge is given the right answer."""
    blind: bool = False
    """Withhold the pictures: a control that shows what sight is worth."""
    by_gold: bool = False
    """The outcome is that of the comparison with the gold answer, as of judge `outcome`, and not of the grades."""
    grader: OutcomeJudge = field(default_factory=OutcomeJudge, init=False, compare=False, repr=False)
    """Who compares then: one, with one process for formulas."""

    def __post_init__(self) -> None:
        """Refuse votes that would all be one, and a prompt that does not show the reply."""
        require_least(self, 1, "votes", "max_tokens")
        require_least(self, 0, "temperature", "correct_at")
        if self.votes > 1 and self.temperature == 0:
            raise ValueError(f"votes={self.votes} at temperature 0 are one vote; set a temperature, such as 0.7")
        self.template.require(("id", "question", "reply"))

    @property
    def name(self) -> str:
        """Kind, model, prompts and settings."""
        return name_judge("rubric", self, self.chat_model, self.template)

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order."""
        graded = judge_each(question, chains, self.name, self.chat_model.chat, partial(self._request, question),
                            partial(self._verdict, question))  # fmt: skip
        if not self.by_gold:
            return graded
        compared = self.grader.judge(question, chains)
        return tuple(
            one if one.score is None else replace(one, outcome=other.outcome)
            for one, other in zip(graded, compared, strict=True)
        )

    def confidence(self, verdict: Verdict) -> float | None:
        """How sure a verdict is that its chain is good: the mean grade from 1 to 5 as 0.0 to 1.0."""
        return None if verdict.score is None else (verdict.score - LOWEST) / (HIGHEST - LOWEST)

    def _request(self, question: Question, chain: Chain) -> Request:
        return request_about(
            question, chain, self.template, blind=self.blind, show_gold=self.show_gold, form=FORM,
            max_tokens=self.max_tokens,
            count=self.votes, temperature=self.temperature,
        )  # fmt: skip

    def _verdict(self, question: Question, chain: Chain, answer: ChatResponse) -> Verdict:
        subject = request_tag(question, chain.text)
        read = [read_grades(read_object(reply, FORM, subject)) for reply in answer.replies]
        votes = [vote for vote in read if isinstance(vote, Grades)]
        if 2 * len(votes) <= self.votes:
            unread = next(vote for vote in read if isinstance(vote, Unread))
            return leave_unjudged(question, chain, self.name, _of(len(votes), self.votes, unread.why), answer.usage)
        accuracy = fmean(vote.criteria["answer_accuracy"] for vote in votes)
        return give_verdict(
            question, chain, self.name,
            Outcome.CORRECT if accuracy >= self.correct_at else Outcome.INCORRECT,
            score=fmean(vote.overall for vote in votes), why=in_words(votes, self.votes), usage=answer.usage,
            agreement=agreement_of([vote.overall for vote in votes]),
        )  # fmt: skip


def read_grades(fields: Fields | Unread) -> Grades | Unread:
    """The grades in the fields of a reply that has the form."""
    if isinstance(fields, Unread):
        return fields
    grades = {name: int(cast(float, fields[name])) for name in (*CRITERIA, OVERALL)}
    return Grades(
        criteria={name: grades[name] for name in CRITERIA},
        overall=grades[OVERALL],
        explanation=str(fields["explanation"]),
    )


def agreement_of(grades: Sequence[int]) -> float | None:
    """The share of pairs of votes that give the same grade, from 0.0 to 1.0; None of a single vote.

    Example:
        >>> agreement_of([4, 4, 5]), agreement_of([3])
        (0.3333333333333333, None)
    """
    pairs = list(combinations(grades, 2))
    return sum(a == b for a, b in pairs) / len(pairs) if pairs else None


def in_words(votes: Sequence[Grades], asked: int) -> str:
    """Grades by criterion, the votes and their agreement, and the first vote's explanation."""
    means = ", ".join(f"{name} {fmean(vote.criteria[name] for vote in votes):g}" for name in CRITERIA)
    agreement = agreement_of([vote.overall for vote in votes])
    grades_said = ""
    if agreement is not None:
        grades = ", ".join(str(vote.overall) for vote in votes)
        grades_said = f"; {_of(len(votes), asked, f'overall {grades}')}, agreement {agreement:.2f}"
    return f"{means}{grades_said}: {votes[0].explanation}"


def _of(read: int, asked: int, words: str) -> str:
    return f"{read} of {asked} votes can be read: {words}" if asked > 1 else words

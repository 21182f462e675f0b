"""The judge that rates an open answer against the reference answer of its benchmark, on the benchmark's own scale.

Source of the scales: MM-Vet (arXiv 2308.02490, section 3.2), correctness from 0.0 to 1.0 in tenths, and MMHal-Bench
(arXiv 2309.14525, section 3), 0 to 6, an answer below 3 being a hallucination. The prompts are seewhy's own, and this
judge sees the picture, which theirs do not: a published figure is met in kind and not to the decimal.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import cast

from seewhy.endpoints.chat import ChatModel, ChatResponse, Request, ResponseFormat
from seewhy.judging.asking.messages import (
    give_verdict,
    judge_each,
    leave_unjudged,
    name_judge,
    request_about,
    request_tag,
)
from seewhy.judging.asking.replies import Unread, read_object
from seewhy.judging.asking.schema import TEXT, form_of, object_of, one_of
from seewhy.judging.prompts.template import PromptTemplate, builtin_prompt
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, Outcome, Question, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The ratings that there are, and from which on an answer is right.

    Example:
        >>> Scale(name="mmhal", ratings=(0, 1, 2, 3, 4, 5, 6), right_at=3).highest
        6
    """

    name: str
    """Also of its prompt: `rating_<name>.txt`."""
    ratings: tuple[float, ...]
    """From worst to best."""
    right_at: float
    """Least rating of an answer that is called CORRECT."""

    @property
    def highest(self) -> float:
        """The best rating."""
        return self.ratings[-1]

    def __str__(self) -> str:
        return self.name


OPEN = Scale(name="open", ratings=tuple(tenth / 10 for tenth in range(11)), right_at=0.5)
"""MM-Vet's scale; half of what the reference says, or more, is right."""
MMHAL = Scale(name="mmhal", ratings=tuple(range(7)), right_at=3)
SCALES = {"mmvet": OPEN, "mmhal": MMHAL}
"""Scales of benchmarks; every other open question is rated as MM-Vet's are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingJudge:
    """Ratings of answers whose gold is a text; `Verdict.score` is the rating as a share of the highest."""

    chat_model: ChatModel
    scale: Scale = OPEN
    template: PromptTemplate = field(default_factory=lambda: builtin_prompt("rating_open"))
    max_tokens: int = 400
    """Tokens of a reply, at most."""
    blind: bool = False
    """Withhold the pictures, as the judges of MM-Vet and MMHal-Bench do without."""

    def __post_init__(self) -> None:
        """Refuse a prompt that does not show the reply and what it is rated against."""
        self.template.require(("id", "question", "gold", "reply"))
        require_least(self, 1, "max_tokens")

    @property
    def name(self) -> str:
        """Kind, model, prompt and settings."""
        return name_judge("rating", self, self.chat_model, self.template)

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order."""
        if not question.gold.answers:
            why = "there is no reference answer to rate against"
            return tuple(leave_unjudged(question, chain, self.name, why) for chain in chains)
        return judge_each(question, chains, self.name, self.chat_model.chat, partial(self._request, question),
                          partial(self._verdict, question))  # fmt: skip

    def confidence(self, verdict: Verdict) -> float | None:
        """How sure a verdict is that its chain is right: its rating as a share of the highest."""
        return verdict.score

    @property
    def form(self) -> ResponseFormat:
        """A rating of the scale, and why."""
        return form_of("rating", object_of(id=TEXT, explanation=TEXT, rating=one_of(*self.scale.ratings)))

    def _request(self, question: Question, chain: Chain) -> Request:
        return request_about(
            question, chain, self.template, blind=self.blind, show_gold=True, form=self.form,
            max_tokens=self.max_tokens,
        )  # fmt: skip

    def _verdict(self, question: Question, chain: Chain, answer: ChatResponse) -> Verdict:
        fields = read_object(answer.replies[0], self.form, request_tag(question, chain.text))
        if isinstance(fields, Unread):
            return leave_unjudged(question, chain, self.name, fields.why, answer.usage)
        rating = cast(float, fields["rating"])
        return give_verdict(
            question, chain, self.name,
            Outcome.CORRECT if rating >= self.scale.right_at else Outcome.INCORRECT,
            score=rating / self.scale.highest, usage=answer.usage,
            why=f"rated {rating:g} of {self.scale.highest:g}: {fields['explanation']}",
        )  # fmt: skip


def rating_judge(chat_model: ChatModel, benchmark: str, *, blind: bool = False) -> RatingJudge:
    """The judge of a benchmark's open questions, on its scale and with its prompt."""
    scale = SCALES.get(benchmark, OPEN)
    return RatingJudge(chat_model=chat_model, scale=scale, template=builtin_prompt(f"rating_{scale.name}"), blind=blind)

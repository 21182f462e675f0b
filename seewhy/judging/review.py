"""The judge that rates the reference answer and a reply side by side, as LLaVA-Bench does.

Source: LLaVA (arXiv 2304.08485, section 5.1): both answers get 1 to 10, and a model's figure is the sum of its ratings
over the sum of the reference's. The prompt is seewhy's own, and this judge sees the picture; theirs reads a caption.
"""

from dataclasses import dataclass, field
from functools import partial
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
from seewhy.judging.asking.replies import Unread, read_object
from seewhy.judging.asking.schema import TEXT, form_of, object_of, one_of
from seewhy.judging.prompts.template import PromptTemplate, builtin_prompt
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, Outcome, Question, Verdict

HIGHEST = 10
RATING = one_of(*range(1, HIGHEST + 1))
FORM = form_of("review", object_of(id=TEXT, explanation=TEXT, first=RATING, second=RATING))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewJudge:
    """Ratings of 1 to 10 for the reference and for the reply; a reply that gets as much, or more, is CORRECT.

    `Verdict.score` is the reply's rating over 10. `Verdict.why` begins with both ratings, the reference's first: the
    first line of a review as LLaVA-Bench keeps it, which `read_pair_scores` reads.
    """

    chat_model: ChatModel
    template: PromptTemplate = field(default_factory=lambda: builtin_prompt("review"))
    max_tokens: int = 600
    """Tokens of a reply, at most."""
    blind: bool = False
    """Withhold the pictures: a control that shows what sight is worth."""

    def __post_init__(self) -> None:
        """Refuse a prompt that does not show both answers."""
        self.template.require(("id", "question", "gold", "reply"))
        require_least(self, 1, "max_tokens")

    @property
    def name(self) -> str:
        """Kind, model, prompt and settings."""
        return name_judge("review", self, self.chat_model, self.template)

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order."""
        if not question.gold.answers:
            why = "there is no reference answer to compare with"
            return tuple(leave_unjudged(question, chain, self.name, why) for chain in chains)
        return judge_each(question, chains, self.name, self.chat_model.chat, partial(self._request, question),
                          partial(self._verdict, question))  # fmt: skip

    def confidence(self, verdict: Verdict) -> float | None:
        """How sure a verdict is that its chain is good: its rating over 10."""
        return verdict.score

    def _request(self, question: Question, chain: Chain) -> Request:
        return request_about(
            question, chain, self.template, blind=self.blind, show_gold=True, form=FORM,
            max_tokens=self.max_tokens,
        )  # fmt: skip

    def _verdict(self, question: Question, chain: Chain, answer: ChatResponse) -> Verdict:
        fields = read_object(answer.replies[0], FORM, request_tag(question, chain.text))
        if isinstance(fields, Unread):
            return leave_unjudged(question, chain, self.name, fields.why, answer.usage)
        first, second = (cast(float, fields[name]) for name in ("first", "second"))
        return give_verdict(
            question, chain, self.name, Outcome.CORRECT if second >= first else Outcome.INCORRECT,
            score=second / HIGHEST, usage=answer.usage, why=f"{first:g} {second:g}\n{fields['explanation']}",
        )  # fmt: skip

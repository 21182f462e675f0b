"""The judge that compares chains with a rival's, in both orders, and does not hide where the order decided.

Source: ARES (arXiv 2407.00087) reports the win rate of rationales with the order shuffled; neither its prompt nor what
it does with ties is known. This judge asks both orders of every two chains, and `evaluation/versus.py` counts ties.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from seewhy.endpoints.chat import ChatModel, ChatResponse, Request, sum_usage
from seewhy.judging.asking.messages import (
    ask_all,
    give_verdict,
    judge_spoken,
    leave_unjudged,
    message_about,
    name_judge,
    request_tag,
)
from seewhy.judging.asking.replies import Unread, read_object
from seewhy.judging.asking.schema import TEXT, form_of, object_of, one_of
from seewhy.judging.prompts.template import PromptTemplate, builtin_prompt, question_slots
from seewhy.records.measures import Contest, Preferred
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, Outcome, Question, Verdict

FORM = form_of("versus", object_of(id=TEXT, explanation=TEXT, better=one_of(*(one.value for one in Preferred))))
WORTH = {Preferred.FIRST: 1.0, Preferred.TIE: 0.5, Preferred.SECOND: 0.0}
"""What a preference is worth to the first reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersusJudge:
    """Holds each chain against its rival; the score is 1.0 where both orders prefer it and 0.0 where neither does.

    CORRECT says that a chain is better than its rival, INCORRECT that it is not; a tie scores 0.5.
    """

    chat_model: ChatModel
    rivals: Mapping[str, Chain]
    """The other model's chain of each question, by question id."""
    template: PromptTemplate = field(default_factory=lambda: builtin_prompt("versus"))
    max_tokens: int = 400
    """Tokens of a reply, at most."""
    show_gold: bool = False
    """Whether the judge is given the right answer."""
    blind: bool = False
    """Withhold the pictures: a control that shows what sight is worth."""

    def __post_init__(self) -> None:
        """Refuse a prompt that does not show both replies."""
        self.template.require(("id", "question", "first", "second"))
        require_least(self, 1, "max_tokens")

    @property
    def name(self) -> str:
        """Kind, model, prompt, settings, and whose chains the rivals are."""
        samplers = ", ".join(sorted({rival.sampler for rival in self.rivals.values()}))
        return f"{name_judge('versus', self, self.chat_model, self.template)}, against {samplers or 'nobody'}"

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order; UNJUDGED where there is no rival."""
        return judge_spoken(question, chains, self.name, lambda spoken: self._judge(question, spoken))

    def compare(self, question: Question, chains: Sequence[Chain]) -> list[Contest]:
        """What both orders prefer, of each chain and the rival; all of one question.

        Raises:
            KeyError: the question has no rival.
        """
        return [contest for contest, _ in self._contests(question, chains)]

    def _judge(self, question: Question, chains: Sequence[Chain]) -> list[Verdict]:
        if question.id not in self.rivals:
            why = "there is no rival's chain of this question"
            return [leave_unjudged(question, chain, self.name, why) for chain in chains]
        contests = self._contests(question, chains)
        return [self._verdict(question, chain, *row) for chain, row in zip(chains, contests, strict=True)]

    def _contests(
        self, question: Question, chains: Sequence[Chain]
    ) -> list[tuple[Contest, tuple[ChatResponse, ChatResponse]]]:
        rival = self.rivals[question.id].text
        orders = [order for chain in chains for order in ((chain.text, rival), (rival, chain.text))]
        answers = ask_all(self.chat_model.chat, [self._request(question, *order) for order in orders])
        preferred = [_preferred(question, *order, answer) for order, answer in zip(orders, answers, strict=True)]
        return [
            (
                Contest(
                    question_id=question.id, index=chain.index, style=chain.style,
                    ahead=preferred[2 * at][0], behind=preferred[2 * at + 1][0],
                    why=preferred[2 * at][1] or preferred[2 * at + 1][1],
                ),
                (answers[2 * at], answers[2 * at + 1]),
            )
            for at, chain in enumerate(chains)
        ]  # fmt: skip

    def _request(self, question: Question, first: str, second: str) -> Request:
        slots = question_slots(question, blind=self.blind, show_gold=self.show_gold)
        subject = request_tag(question, first, second)
        text = self.template.fill(**slots, id=subject, first=first.strip(), second=second.strip())
        message = message_about(question, text, blind=self.blind)
        return Request(messages=(message,), max_tokens=self.max_tokens, form=FORM)

    def _verdict(
        self, question: Question, chain: Chain, contest: Contest, answers: tuple[ChatResponse, ChatResponse]
    ) -> Verdict:
        usage = sum_usage(answers)
        if contest.ahead is None or contest.behind is None:
            return leave_unjudged(question, chain, self.name, contest.why, usage)
        score = fmean([WORTH[contest.ahead], 1.0 - WORTH[contest.behind]])
        outcome = Outcome.CORRECT if score > 0.5 else Outcome.INCORRECT
        why = f"shown first it is {contest.ahead.value}, shown second the better is {contest.behind.value}"
        return give_verdict(question, chain, self.name, outcome, score=score, why=why, usage=usage)


def _preferred(question: Question, first: str, second: str, answer: ChatResponse) -> tuple[Preferred | None, str]:
    """Which place one order prefers, and why there is none."""
    if answer.failure:
        return None, answer.failure
    fields = read_object(answer.replies[0], FORM, request_tag(question, first, second))
    if isinstance(fields, Unread):
        return None, fields.why
    return Preferred(str(fields["better"])), ""

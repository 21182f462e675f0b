"""The judge that scores each sentence of a chain from 0.0 to 1.0, knowing options, hint and right answer.

Source: ARES (arXiv 2407.00087), step 1. Unlike its code, this judge numbers the sentences instead of using them as
keys, asks once more where a reply cannot be used, and keeps a chain without scores as UNJUDGED.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import cast

from seewhy.endpoints.chat import ChatModel, ChatResponse, Message, Reply, Request, ResponseFormat, sum_usage
from seewhy.judging.api import FollowUp
from seewhy.judging.asking.messages import (
    ask_all,
    give_verdict,
    judge_spoken,
    leave_unjudged,
    message_about,
    name_judge,
    request_tag,
)
from seewhy.judging.asking.replies import Failure, Fields, Unread, read_object
from seewhy.judging.asking.schema import TEXT, WHOLE_NUMBER, form_of, list_of, object_of, one_of
from seewhy.judging.asking.splitting import repeats_of, split_sentences
from seewhy.judging.prompts.template import PromptTemplate, builtin_prompt, question_slots
from seewhy.records.ranges import require_least, require_share
from seewhy.records.turns import Role
from seewhy.records.types import Chain, Outcome, Question, Span, Usage, Verdict

TENTHS = tuple(tenth / 10 for tenth in range(11))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A chain's sentences and the request about them."""

    chain: Chain
    places: tuple[tuple[int, int], ...]
    repeated: tuple[bool, ...]
    subject: str
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceJudge:
    """Scores in tenths; `Verdict.spans` holds each sentence, `Verdict.score` their mean."""

    chat_model: ChatModel
    template: PromptTemplate = field(default_factory=lambda: builtin_prompt("sentences"))
    again: PromptTemplate = field(default_factory=lambda: builtin_prompt("sentences_again"))
    """What is said once to a model whose reply cannot be used."""
    max_tokens: int = 2000
    """Tokens of a reply, at most."""
    correct_at: float = 0.5
    """Least score of every sentence of a chain that is called CORRECT; ARES takes 0.5 as neutral."""
    show_gold: bool = True
    """Whether the judge is given the right answer, as in ARES."""
    blind: bool = False
    """Withhold the pictures: a control that shows what sight is worth."""

    def __post_init__(self) -> None:
        """Refuse prompts that do not say what is scored."""
        self.template.require(("id", "question", "sentences", "count"))
        self.again.require(("id", "count", "fault"), ())
        require_least(self, 1, "max_tokens")
        require_share(self, "correct_at")

    @property
    def name(self) -> str:
        """Kind, model, prompts and settings."""
        return name_judge("sentences", self, self.chat_model, self.template, self.again)

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order."""
        return judge_spoken(question, chains, self.name, lambda spoken: self._judge(question, spoken))

    def confidence(self, verdict: Verdict) -> float | None:
        """How sure a verdict is that its chain is right: the score of its worst sentence."""
        return min(span.score for span in verdict.spans) if verdict.spans else None

    def follow_up(self, question: Question, chain: Chain) -> FollowUp:
        """The same once more, where the reply cannot be used."""
        asked = self._ask(question, chain)
        scores = [{"sentence": number, "score": 0.5} for number, _ in enumerate(asked.places, start=1)]
        said = Reply(text=json.dumps({"id": asked.subject, "scores": scores}))
        fault = Unread(Failure.WRONG_COUNT, f"sentences 1 to {len(scores)} were to be scored once each")
        return FollowUp(
            request=self._ask_again(asked, ChatResponse(replies=(said,), model=self.chat_model.name), fault),
            likely=0, likely_if="every reply can be used", most=1, max_if="none can",
        )  # fmt: skip

    def _judge(self, question: Question, chains: Sequence[Chain]) -> list[Verdict]:
        asked = [self._ask(question, chain) for chain in chains]
        answers = ask_all(self.chat_model.chat, [one.request for one in asked])
        read = [_read(one, answer) for one, answer in zip(asked, answers, strict=True)]
        bills = [answer.usage for answer in answers]
        # A request that failed is not asked again: whoever talks to the model has tried already.
        unclear = [at for at, answer in enumerate(answers) if not answer.failure and isinstance(read[at], Unread)]
        seconds = ask_all(self.chat_model.chat, [self._ask_again(asked[at], answers[at], read[at]) for at in unclear])
        for at, answer in zip(unclear, seconds, strict=True):
            read[at] = _read(asked[at], answer)
            bills[at] = sum_usage([bills[at], answer])
        return [self._verdict(question, *row) for row in zip(asked, read, bills, strict=True)]

    def _ask(self, question: Question, chain: Chain) -> _Asked:
        places = split_sentences(chain.text)
        sentences = [" ".join(chain.text[start:end].split()) for start, end in places]
        slots = question_slots(question, blind=self.blind, show_gold=self.show_gold)
        subject = request_tag(question, chain.text)
        text = self.template.fill(
            **slots, id=subject, count=str(len(places)),
            sentences="\n".join(f"{number}. {sentence}" for number, sentence in enumerate(sentences, start=1)),
        )  # fmt: skip
        request = Request(
            messages=(message_about(question, text, blind=self.blind),),
            max_tokens=self.max_tokens,
            form=score_form(len(places)),
        )
        return _Asked(chain, places, repeats_of(sentences), subject, request)

    def _ask_again(self, asked: _Asked, answer: ChatResponse, fault: "Scores | Unread") -> Request:
        assert isinstance(fault, Unread)
        said = answer.replies[0].text.strip() or "(nothing)"
        text = self.again.fill(id=asked.subject, count=str(len(asked.places)), fault=fault.why)
        turns = (Message(role=Role.ASSISTANT, text=said), Message(text=text))
        return replace(asked.request, messages=(*asked.request.messages, *turns))

    def _verdict(self, question: Question, asked: _Asked, read: "Scores | Unread", usage: Usage) -> Verdict:
        if isinstance(read, Unread):
            return leave_unjudged(question, asked.chain, self.name, read.why, usage)
        spans = tuple(
            Span(start=start, end=end, score=0.0 if is_repeated else score)
            for (start, end), is_repeated, score in zip(asked.places, asked.repeated, read, strict=True)
        )
        worst = min(spans, key=lambda span: span.score)
        return give_verdict(
            question, asked.chain, self.name,
            Outcome.CORRECT if worst.score >= self.correct_at else Outcome.INCORRECT,
            score=fmean(span.score for span in spans), spans=spans, usage=usage,
            why=f"the worst of {len(spans)} sentences gets {worst.score}: {asked.chain.text[worst.start : worst.end]}",
        )  # fmt: skip


Scores = tuple[float, ...]
"""A score for each sentence, in their order."""


def score_form(count: int) -> ResponseFormat:
    """A score for each of so many sentences, by its number."""
    entry = object_of(sentence=WHOLE_NUMBER, score=one_of(*TENTHS))
    return form_of("sentences", object_of(id=TEXT, scores=list_of(entry, least=count, most=count)))


def _read(asked: _Asked, answer: ChatResponse) -> Scores | Unread:
    """The scores in a reply, by their numbers and not by their order; a failed request is as a reply without words."""
    if answer.failure:
        return Unread(Failure.EMPTY, answer.failure)
    count = len(asked.places)
    fields = read_object(answer.replies[0], score_form(count), asked.subject)
    if isinstance(fields, Unread):
        return fields
    by_number = _by_number(fields)
    if set(by_number) != set(range(1, count + 1)):
        said = ", ".join(str(number) for number in sorted(by_number))
        return Unread(Failure.WRONG_COUNT, f"sentences 1 to {count} were to be scored once each, and it scores {said}")
    return tuple(by_number[number] for number in range(1, count + 1))


def _by_number(fields: Fields) -> dict[int, float]:
    entries = cast(Sequence[dict[str, float]], fields["scores"])
    return {int(entry["sentence"]): float(entry["score"]) for entry in entries}

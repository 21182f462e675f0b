"""The judge that takes a chain apart into facts, asks yes or no about each, and counts those that are rejected.

Source: RLAIF-V (arXiv 2405.17220), divide and conquer: p(yes) + p(Yes) against p(no) + p(No) of the first token, and
minus the number of rejected facts as the score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp
from typing import cast

from seewhy.endpoints.chat import ChatModel, ChatResponse, Reply, Request, ResponseFormat, sum_usage
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
from seewhy.judging.asking.replies import Unread, read_object, read_yes_no
from seewhy.judging.asking.schema import TEXT, form_of, list_of, object_of
from seewhy.judging.asking.splitting import split_sentences
from seewhy.judging.prompts.template import PromptTemplate, builtin_prompt, question_slots
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, Outcome, Question, Usage, Verdict

TOP_LOGPROBS = 20
"""The most that OpenAI's endpoint gives; yes and no in all their spellings are among them or are improbable."""
MARGINS = " \t\n▁Ġ\"'*."
"""What may be around a word in a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One claim of a chain and the question that checks it.

    Example:
        >>> Fact(text="The bus is red.", check="Is the bus red?").check
        'Is the bus red?'
    """

    text: str
    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsJudge:
    """Minus the number of rejected facts; a chain with a fact that could not be checked is UNJUDGED."""

    chat_model: ChatModel
    template: PromptTemplate = field(default_factory=lambda: builtin_prompt("facts"))
    checking: PromptTemplate = field(default_factory=lambda: builtin_prompt("facts_check"))
    most: int = 20
    """Facts of one chain at most."""
    max_tokens: int = 1500
    """Of the reply that lists the facts."""
    blind: bool = False
    """Withhold the pictures: a control that shows what sight is worth."""

    def __post_init__(self) -> None:
        """Refuse prompts that do not say what is split and checked."""
        require_least(self, 1, "most", "max_tokens")
        self.template.require(("id", "reply", "most"))
        self.checking.require(("fact", "check"))

    @property
    def name(self) -> str:
        """Kind, model, prompts and settings."""
        return name_judge("facts", self, self.chat_model, self.template, self.checking)

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order."""
        return judge_spoken(question, chains, self.name, lambda spoken: self._judge(question, spoken))

    def follow_up(self, question: Question, chain: Chain) -> FollowUp:
        """A question about each fact, as long as the chain's longest sentence, told and asked."""
        sentences = [chain.text[start:end] for start, end in split_sentences(chain.text)]
        longest = max(sentences, key=len, default="")
        return FollowUp(
            request=self._check(question, Fact(text=longest, check=longest)),
            likely=min(len(sentences), self.most), likely_if="each sentence is a fact",
            most=self.most, max_if=f"each chain has {self.most} facts",
        )  # fmt: skip

    def _judge(self, question: Question, chains: Sequence[Chain]) -> list[Verdict]:
        splits = ask_all(self.chat_model.chat, [self._split(question, chain) for chain in chains])
        facts = [self._facts(question, *row) for row in zip(chains, splits, strict=True)]
        checks = [self._check(question, fact) for found in facts if not isinstance(found, str) for fact in found]
        answers = iter(ask_all(self.chat_model.chat, checks))
        verdicts: list[Verdict] = []
        for chain, split, found in zip(chains, splits, facts, strict=True):
            if isinstance(found, str):
                verdicts.append(leave_unjudged(question, chain, self.name, found, split.usage))
            else:
                said = [next(answers) for _ in found]
                usage = sum_usage([split, *said])
                verdicts.append(self._verdict(question, chain, list(zip(found, said, strict=True)), usage))
        return verdicts

    def _split(self, question: Question, chain: Chain) -> Request:
        slots = question_slots(question, blind=self.blind, show_gold=False)
        text = self.template.fill(
            **slots, id=request_tag(question, chain.text), reply=chain.text.strip(), most=str(self.most)
        )
        # Splitting a text takes no look at a picture.
        message = message_about(question, text, blind=True)
        return Request(messages=(message,), max_tokens=self.max_tokens, form=self.form)

    @property
    def form(self) -> ResponseFormat:
        """The facts, each with its question."""
        return form_of("facts", object_of(
            id=TEXT, facts=list_of(object_of(fact=TEXT, question=TEXT), least=1, most=self.most)))  # fmt: skip

    def _facts(self, question: Question, chain: Chain, answer: ChatResponse) -> tuple[Fact, ...] | str:
        """The facts of a chain, or why there are none."""
        if answer.failure:
            return answer.failure
        fields = read_object(answer.replies[0], self.form, request_tag(question, chain.text))
        if isinstance(fields, Unread):
            return fields.why
        entries = cast(Sequence[Mapping[str, str]], fields["facts"])
        return tuple(Fact(text=entry["fact"], check=entry["question"]) for entry in entries)

    def _check(self, question: Question, fact: Fact) -> Request:
        slots = question_slots(question, blind=self.blind, show_gold=False)
        text = self.checking.fill(**slots, fact=fact.text, check=fact.check)
        message = message_about(question, text, blind=self.blind)
        return Request(messages=(message,), max_tokens=8, top_logprobs=TOP_LOGPROBS)

    def _verdict(
        self, question: Question, chain: Chain, checked: Sequence[tuple[Fact, ChatResponse]], usage: Usage
    ) -> Verdict:
        rejected: list[str] = []
        for fact, answer in checked:
            trust = answer.failure or trust_in(answer.replies[0])
            if isinstance(trust, str):
                why = f"it could not be judged whether {fact.text!r} holds: {trust}"
                return leave_unjudged(question, chain, self.name, why, usage)
            if trust < 0.5:
                rejected.append(f"{fact.text} ({trust:.2f})")
        return give_verdict(
            question, chain, self.name, Outcome.INCORRECT if rejected else Outcome.CORRECT,
            score=float(-len(rejected)), usage=usage,
            why=f"{len(rejected)} of {len(checked)} facts are rejected{': ' if rejected else ''}{' '.join(rejected)}",
        )  # fmt: skip


def trust_in(reply: Reply) -> float | str:
    """The probability of yes against no in a reply's first token, or 1 or 0 by its word; why, where it says neither.

    Example:
        >>> round(trust_in(Reply(text="Yes", first_token={"Yes": -0.5, " yes": -2.0, "No": -2.0})), 2)
        0.85
        >>> trust_in(Reply(text="No."))
        0.0
    """
    yes, no = (_mass(reply.first_token, word) for word in ("yes", "no"))
    if yes + no > 0:
        return yes / (yes + no)
    said = read_yes_no(reply)
    return said.why if isinstance(said, Unread) else float(said)


def _mass(first_token: Mapping[str, float], word: str) -> float:
    """The probability of all spellings of a word."""
    return sum(exp(logprob) for token, logprob in first_token.items() if token.strip(MARGINS).casefold() == word)

"""Stand-ins for models: they reply with a function of the request, and record requests."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from seewhy.endpoints.chat import BudgetSpentError, ChatResponse, Reply, Request
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.types import Chain, FinishReason, Usage

Says = Callable[[Request, int], str | Reply]
"""The reply of a number, from 0, to a request."""


@dataclass(slots=True, kw_only=True)
class ScriptedChat:
    """A `ChatModel` whose replies are a function of the request and the reply's number.

    Example:
        >>> from seewhy.endpoints.chat import Message
        >>> chat_model = ScriptedChat(says=lambda request, number: f"yes {number}")
        >>> chat_model.chat([Request(messages=(Message(text="Is it red?"),), count=2)])[0].replies[1].text
        'yes 1'
    """

    says: Says
    name: str = "scripted-1"
    failure: str = ""
    """Answer every request with this failure instead."""
    max_calls: int | None = None
    """Requests after which the budget is spent."""
    recorded: list[Request] = field(default_factory=list[Request])
    """Every request so far, in the order in which they came."""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def chat(self, requests: Sequence[Request]) -> list[ChatResponse]:
        """One answer a request, in their order; each costs one call, a token a word, and a tenth of a cent."""
        with self.lock:
            if self.max_calls is not None and len(self.recorded) + len(requests) > self.max_calls:
                raise BudgetSpentError(f"{self.name}: the budget of {self.max_calls} calls is spent")
            self.recorded.extend(requests)
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> ChatResponse:
        if self.failure:
            return ChatResponse(replies=(), failure=self.failure, model=self.name)
        said = [self.says(request, number) for number in range(request.count)]
        replies = tuple(one if isinstance(one, Reply) else Reply(text=one) for one in said)
        usage = Usage(
            prompt_tokens=sum(len(message.text.split()) for message in request.messages),
            completion_tokens=sum(len(reply.text.split()) for reply in replies),
            calls=1,
            dollars=0.001,
        )
        return ChatResponse(replies=replies, model=self.name, usage=usage)


def repeat(*texts: str) -> Says:
    """A script that says the texts by the reply's number, and the last one from there on."""
    return lambda request, number: texts[min(number, len(texts) - 1)]


def in_turn(*texts: str) -> Says:
    """A script that says each text once, one a reply, whatever is asked; an IndexError after the last."""
    left = list(reversed(texts))
    return lambda request, number: left.pop()


@dataclass(slots=True, kw_only=True)
class ScriptedModel:
    """A `Generates` whose chains are a function of the ask and the chain's index.

    Example:
        >>> ScriptedModel(says=lambda ask, index: "12").name
        'scripted-1'
    """

    says: Callable[[GenerateRequest, int], str]
    name: str = "scripted-1"
    recorded: list[GenerateRequest] = field(default_factory=list[GenerateRequest])

    def generate(self, asks: Sequence[GenerateRequest], decoding: SamplingParams) -> list[tuple[Chain, ...]]:
        """The chains of each ask, in their order."""
        self.recorded.extend(asks)
        return [
            tuple(self._chain(ask, index, decoding) for index in range(ask.first, ask.first + ask.count))
            for ask in asks
        ]

    def _chain(self, ask: GenerateRequest, index: int, decoding: SamplingParams) -> Chain:
        return Chain(
            question_id=ask.question.id, index=index, style=ask.style, text=self.says(ask, index),
            stop=FinishReason.END, sampler=self.name, seed=decoding.seed,
        )  # fmt: skip

"""Makes a teacher draw chains: whatever answers messages can distil."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seewhy.endpoints.chat import ChatModel, Message, Request
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.types import Chain, Question, Style

Prompt = Callable[[Question, Style, bool], tuple[Message, ...]]
"""The messages of a question in a style; blind ones hold no pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainTeller:
    """`Generates` over a model that is talked to.

    Chain `i` of a prompt is the i-th reply that ever came to it: more chains later cost only the difference, as long as
    the talker keeps what it paid for.
    """

    chat_model: ChatModel
    prompt: Prompt
    tell_failure: Callable[[GenerateRequest, str], None]
    """Called for each request without chains, with the reason."""

    @property
    def name(self) -> str:
        """The talker's name."""
        return self.chat_model.name

    def generate(self, asks: Sequence[GenerateRequest], decoding: SamplingParams) -> list[tuple[Chain, ...]]:
        """The chains of each ask, in the order of `asks`; none where the talker failed.

        Raises:
            ValueError: top-k or a given beginning is asked for, which servers of this kind do not take.
            BudgetSpentError: the budget does not reach.
        """
        if any(ask.beginning for ask in asks):
            raise ValueError("a reply with a given beginning: chat completions continue none; ask a model of your own")
        if decoding.top_k:
            raise ValueError(f"top_k {decoding.top_k}: chat completions take none; leave it at 0 and bound top_p")
        answers = self.chat_model.chat([self._request(ask, decoding) for ask in asks])
        found: list[tuple[Chain, ...]] = []
        for ask, answered in zip(asks, answers, strict=True):
            if answered.failure:
                self.tell_failure(ask, answered.failure)
            found.append(
                tuple(
                    Chain(
                        question_id=ask.question.id,
                        index=ask.first + place,
                        style=ask.style,
                        text=reply.text,
                        stop=reply.stop,
                        sampler=self.name,
                        seed=decoding.seed,
                    )
                    for place, reply in enumerate(answered.replies[ask.first :])
                )
            )
        return found

    def _request(self, ask: GenerateRequest, decoding: SamplingParams) -> Request:
        return Request(
            messages=self.prompt(ask.question, ask.style, ask.blind),
            count=ask.first + ask.count,
            temperature=decoding.temperature,
            top_p=decoding.top_p,
            max_tokens=decoding.max_tokens,
            seed=decoding.seed,
        )

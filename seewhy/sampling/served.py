"""Chains that servers draw: as a model of one's own would give them, with the tokens that were sampled."""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from seewhy.endpoints.chat import AsDrawn, ChatModel, ChatResponse, Reply, Request, as_messages
from seewhy.model.api import GenerateRequest, Generates, SamplingParams
from seewhy.model.prompts import USUAL, prompt_turns
from seewhy.records.types import Chain, FinishReason, Question, Style

SEEDS = 1 << 31
ALL_COMPARED, EVERY = 64, 16
"""Prompts that are compared with the server's: so many at first, then each so-many-th, for a picture takes time to
encode."""


class Spelling(Protocol):
    """What is known here of a model that servers have: its tokens."""

    @property
    def instructions(self) -> Mapping[str, str]:
        """The words of each style, where the model has its own."""
        ...

    @property
    def ends(self) -> frozenset[int]:
        """Tokens that end a reply."""
        ...

    @property
    def begun(self) -> tuple[int, ...]:
        """Tokens that the generation prompt ends with, and that a chain begins with here."""
        ...

    @property
    def banned(self) -> tuple[int, ...]:
        """Tokens that no chain may hold."""
        ...

    def prompt_ids(self, question: Question, style: Style, *, blind: bool) -> tuple[int, ...]:
        """Ids of the whole prompt."""
        ...

    def prompt_length(self, question: Question, style: Style, *, blind: bool, limit: int) -> int:
        """Tokens of a prompt; an estimate where that is clearly below `limit`."""
        ...

    def text(self, ids: Sequence[int]) -> str:
        """The words of ids."""
        ...

    def spell(self, text: str, *, is_cut: bool) -> tuple[int, ...] | None:
        """Ids of a reply; None where they do not spell it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenWeights:
    """Weights of a training that servers were given.

    Example:
        >>> GivenWeights(step=4, kept_as="grpo/4").version
        ''
    """

    step: int
    """As written in `Chain.weights_step`: rounds that they were trained for."""
    kept_as: str
    """Name under which replies are kept while a draw is not whole."""
    version: str = ""
    """What the servers say of them in replies, where they do."""


@runtime_checkable
class LooksFirst(Protocol):
    """A sampler that can say, before it draws, what would go wrong."""

    def look(self, questions: Sequence[Question], style: Style, max_tokens: int, *, blind: bool) -> None:
        """ValueError where a prompt and a reply are too long, or the weights are others."""
        ...


@dataclass(slots=True, kw_only=True)
class ServedModel:
    """`Generates` over servers that have a model's weights.

    Chain `i` of a question is the i-th that came for it. Seeds follow from seed, question and style; servers promise
    no more than that the same seed often gives the same chain.
    """

    name: str
    """As written in `Chain.sampler`."""
    chat_model: ChatModel
    spelling: Spelling | None = None
    """None of a model whose tokens are unknown here: its chains have the ids that the server gives, or none."""
    window: int = 0
    """Tokens that the servers take, prompt and reply; 0 where they do not say."""
    note: Callable[[str], None]
    """Passes a line on to whoever watches the run."""
    check_weights: Callable[[Generates, Question, Style], None] | None = None
    """Compares the servers' weights with those here by a question; called once."""
    given: GivenWeights | None = None
    """The weights that a training gave to the servers; None where they have those that they were started with."""
    compared: int = 0
    """Prompts that came back so far."""
    warned: set[str] = field(default_factory=set[str])

    def look(self, questions: Sequence[Question], style: Style, max_tokens: int, *, blind: bool) -> None:
        """Compare lengths and weights before anything is drawn.

        Raises:
            ValueError: a prompt with its reply is too long for the servers, or they have other weights.
        """
        self.require_room(questions, style, max_tokens, blind=blind)
        if self.check_weights is not None and questions:
            check, self.check_weights = self.check_weights, None
            check(self, next((one for one in questions if one.images), questions[0]), style)

    def require_room(self, questions: Iterable[Question], style: Style, max_tokens: int, *, blind: bool) -> None:
        """ValueError where a prompt and a reply of `max_tokens` are more than the servers take, with the question."""
        if self.spelling is None or not self.window:
            return
        limit = self.window - max_tokens
        for question in questions:
            length = self.spelling.prompt_length(question, style, blind=blind, limit=limit)
            if length > limit:
                raise ValueError(
                    f"question {question.id}: its prompt has {length} tokens, pictures among them, and a reply "
                    f"{max_tokens}, and the servers of {self.name} take {self.window}. Start them with a larger "
                    "--max-model-len (vLLM) or --context-length (SGLang), lower max_tokens, or leave the question out"
                )

    def generate(self, asks: Sequence[GenerateRequest], decoding: SamplingParams) -> list[tuple[Chain, ...]]:
        """The chains of each ask, in the order of `asks`.

        Raises:
            ValueError: a given beginning is asked for, or the servers' prompts are others than ours.
            ConnectionError: a question got no chains.
        """
        if any(ask.beginning for ask in asks):
            raise ValueError("a reply with a given beginning: servers continue none; use engine.kind local")
        if decoding.as_drawn and decoding.temperature != 1.0:
            raise ValueError("log-probabilities at a temperature other than 1: servers give those of the bare model")
        answers = self.chat_model.chat([self._request(ask, decoding) for ask in asks])
        return [self._chains(ask, answer, decoding) for ask, answer in zip(asks, answers, strict=True)]

    def _request(self, ask: GenerateRequest, decoding: SamplingParams) -> Request:
        words = self.spelling.instructions if self.spelling else USUAL
        turns = prompt_turns(ask.question, ask.style, words, blind=ask.blind)
        ends = tuple(sorted(self.spelling.ends)) if self.spelling else ()
        return Request(
            messages=as_messages(turns, () if ask.blind else ask.question.images), count=ask.first + ask.count,
            temperature=decoding.temperature, top_p=decoding.top_p, max_tokens=decoding.max_tokens,
            seed=question_seed(decoding.seed, ask),
            drawn=AsDrawn(top_k=decoding.top_k, ends=ends, kept_as=self.given.kept_as if self.given else "",
                          version=self.given.version if self.given else ""),
        )  # fmt: skip

    def _chains(self, ask: GenerateRequest, answer: ChatResponse, decoding: SamplingParams) -> tuple[Chain, ...]:
        replies = answer.replies[ask.first :]
        if answer.is_declined:
            self._tell("declined", f"question {ask.question.id}: {answer.failure}; its chains are empty")
            replies = (Reply(text=""),) * ask.count
        elif answer.failure:
            kept = ". Blocks that are finished are kept, and the same command goes on from there"
            raise ConnectionError(f"question {ask.question.id} got no chains of {self.name}: {answer.failure}"
                                  f"{'' if self.given else kept}")  # fmt: skip
        else:
            self._compare(ask, answer)
        return tuple(self._chain(ask, ask.first + place, reply, decoding.seed) for place, reply in enumerate(replies))

    def _compare(self, ask: GenerateRequest, answer: ChatResponse) -> None:
        """ValueError where the servers were shown to have made another prompt of a question than we would."""
        self.compared += 1
        if self.spelling is None or (self.compared > ALL_COMPARED and self.compared % EVERY):
            return
        theirs, usage = answer.replies[0].prompt_ids, answer.usage
        if theirs is None and not (usage.calls and usage.prompt_tokens):
            return
        ours = self.spelling.prompt_ids(ask.question, ask.style, blind=ask.blind)
        count = len(theirs) if theirs is not None else usage.prompt_tokens / usage.calls
        if theirs == ours or (theirs is None and count == len(ours)):
            return
        how = f"{count:g} tokens, and ours {len(ours)}"
        if count == len(ours):
            place = next(at for at, (one, other) in enumerate(zip(theirs or (), ours, strict=True)) if one != other)
            how = f"another token at place {place} of {len(ours)}"
        raise ValueError(
            f"question {ask.question.id}: the prompt of the servers of {self.name} has {how}. They have another chat "
            "template, other picture settings (--mm-processor-kwargs in vLLM), or another model: start them on the "
            "folder of the model, with its processor"
        )

    def _chain(self, ask: GenerateRequest, index: int, reply: Reply, seed: int) -> Chain:
        ids, logprobs, is_respelt = self._tokens(reply)
        stop = reply.stop
        if self.spelling and ids and not is_respelt and ids[-1] in self.spelling.ends:
            stop = FinishReason.END
        text = reply.text.strip() if self.spelling is None or ids is None or is_respelt else self.spelling.text(ids)
        return Chain(
            question_id=ask.question.id, index=index, style=ask.style, text=text, token_ids=ids, logprobs=logprobs,
            stop=stop, sampler=self.name, seed=seed, is_respelt=is_respelt,
            weights_step=self.given.step if self.given else None,
        )  # fmt: skip

    def _tokens(self, reply: Reply) -> tuple[tuple[int, ...] | None, tuple[float, ...] | None, bool]:
        """Ids, log-probabilities, and whether the ids are the text encoded again."""
        ids, spelling = reply.token_ids, self.spelling
        if spelling is None:
            return ids, reply.logprobs if ids else None, False
        if ids is not None:
            end = next((place for place, token in enumerate(ids) if token in spelling.ends), None)
            ids = ids if end is None else ids[: end + 1]
            is_whole = end is not None or reply.stop is FinishReason.LENGTH
            if is_whole and ids and not set(ids) & set(spelling.banned):
                logprobs = None if reply.logprobs is None else reply.logprobs[: len(ids)]
                if spelling.begun and logprobs is not None:
                    # Of weights that are trained, each that is known is compared; those of the prompt's end are not.
                    logprobs = (*[math.nan] * len(spelling.begun), *logprobs) if self.given else None
                if logprobs and any(map(math.isnan, logprobs[len(spelling.begun) :])):
                    self._tell("logprobs", f"{self.name}: the servers gave no log-probability of some tokens")
                return (*spelling.begun, *ids), logprobs, False
        why = "hide the tokens of chains" if ids is None else "gave chains without their last token"
        self._tell("respelt", f"{self.name}: the servers {why}; chains are encoded again from their text, and marked")
        text = reply.text if ids is None else spelling.text(ids)
        again = spelling.spell(text, is_cut=reply.stop is FinishReason.LENGTH)
        return again, None, again is not None

    def _tell(self, what: str, line: str) -> None:
        if what not in self.warned:
            self.warned.add(what)
            self.note(line)


def question_seed(seed: int, ask: GenerateRequest) -> int:
    """31 bits, another for each question and style."""
    words = f"{seed}/{ask.question.id}/{ask.style.value}/{ask.blind}"
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8]) % SEEDS

"""What is said to a model at the other end of a wire, and what comes back: records and a protocol, no library."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from seewhy.records.conversation import images_by_turn
from seewhy.records.turns import Role, Turn
from seewhy.records.types import FinishReason, ImageRef, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Role = Role.USER
    text: str
    images: tuple[ImageRef, ...] = ()
    places: tuple[int, ...] | None = None
    """Offsets in `text` of the pictures, one each; None puts them before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFormat:
    """The shape that a reply must have.

    Example:
        >>> ResponseFormat(name="score", schema='{"type": "object"}').name
        'score'
    """

    name: str
    schema: str
    """A JSON schema, as JSON text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsDrawn:
    """Replies as they are drawn: ids and log-probabilities of their tokens, and every sampling field sent.

    A field that is left out takes the value of the model's `generation_config.json`, in vLLM, SGLang and transformers.

    Example:
        >>> AsDrawn(top_k=50).ends
        ()
    """

    top_k: int = 0
    """0 keeps all tokens."""
    ends: tuple[int, ...] = ()
    """Tokens that end a reply, for servers that take them; empty leaves them to the server."""
    kept_as: str = ""
    """Of weights that a training gave to its servers: replies are kept by this name, wherever they were drawn, and one
    that comes under another model name than was asked for is refused. Empty for models that stay as they are."""
    version: str = ""
    """The version of those weights that a reply must have where its server says one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One prompt and how many replies are wanted of it; equal requests have equal answers in a cache.

    Example:
        >>> Request(messages=(Message(text="Is it red? Answer yes or no."),), top_logprobs=5).count
        1
    """

    messages: tuple[Message, ...]
    count: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 512
    seed: int | None = None
    """Sent where the server takes one; also distinguishes requests that are otherwise equal."""
    form: ResponseFormat | None = None
    """Asked of the server where it can, and said in the prompt's own words in any case by whoever writes the prompt."""
    top_logprobs: int = 0
    """How many alternatives of a reply's first token are wanted with their log-probabilities; 0 asks for none."""
    drawn: AsDrawn | None = None
    """Wanted of an engine that draws chains: tokens beside words, and nothing left to the model's own settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply.

    Example:
        >>> Reply(text="yes", first_token={"yes": -0.1, "no": -2.4}).first_token["no"]
        -2.4
    """

    text: str
    stop: FinishReason = FinishReason.END
    first_token: Mapping[str, float] = field(default_factory=dict[str, float])
    """Natural log-probability of each alternative of the first token; empty where the server gave none."""
    token_ids: tuple[int, ...] | None = None
    """As drawn; None where the server hides them, or was not asked."""
    logprobs: tuple[float, ...] | None = None
    """Of each of `token_ids`; NaN where the server gave none, or one that no drawn token has."""
    prompt_ids: tuple[int, ...] | None = None
    """Of the prompt as the server encoded it, at the first reply of a call; None where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatResponse:
    """What became of one request: all its replies, or what went wrong in the end.

    Example:
        >>> ChatResponse(replies=(), failure="the server answered 500 five times", model="m").failure != ""
        True
    """

    replies: tuple[Reply, ...]
    """As many as were asked for, or none."""
    model: str
    """The model as the server names it."""
    failure: str = ""
    """Why there are no replies; empty where there are. A refusal is a failure that says so."""
    usage: Usage = field(default_factory=Usage)
    """What was paid for it now: nothing where it came from a cache."""
    is_declined: bool = False
    """The model, or a filter before it, would not answer: the same request fares the same again."""


def as_messages(turns: Sequence[Turn], images: Sequence[ImageRef]) -> tuple[Message, ...]:
    """The turns of a prompt as messages, `images` in the turns' places, in order.

    Example:
        >>> as_messages([Turn(role=Role.USER, text="Is it red?")], [])[0].text
        'Is it red?'
    """
    shown = images_by_turn(turns, images)
    return tuple(
        Message(role=turn.role, text=turn.text, images=images, places=turn.places if any(turn.places) else None)
        for turn, images in zip(turns, shown, strict=True)
    )


def sum_usage(parts: Iterable[ChatResponse | Usage]) -> Usage:
    """What all of them cost together.

    Example:
        >>> sum_usage([Usage(calls=1, prompt_tokens=10), Usage(calls=2)])
        Usage(prompt_tokens=10, completion_tokens=0, calls=3, dollars=0.0)
    """
    prompt, completion, calls, dollars = 0, 0, 0, 0.0
    for part in parts:
        usage = part.usage if isinstance(part, ChatResponse) else part
        prompt += usage.prompt_tokens
        completion += usage.completion_tokens
        calls += usage.calls
        dollars += usage.dollars
    return Usage(prompt_tokens=prompt, completion_tokens=completion, calls=calls, dollars=dollars)


class BudgetSpentError(RuntimeError):
    """The next request could cost more than the budget has left; nothing that was paid for is lost."""


@runtime_checkable
class ChatModel(Protocol):
    """Anything that answers messages: a server, a scripted stand-in."""

    @property
    def name(self) -> str:
        """Model and version, as written in verdicts and in `Chain.sampler`."""
        ...

    def chat(self, requests: Sequence[Request]) -> list[ChatResponse]:
        """One answer a request, in their order; several threads may call at once.

        Raises:
            BudgetSpentError: the budget does not reach for what is left to ask.
        """
        ...

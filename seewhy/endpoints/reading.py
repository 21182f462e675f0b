"""Reads what a server sent: replies with their cost, or a fault with a name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seewhy.endpoints.chat import Reply
from seewhy.endpoints.faults import Cost, Fault
from seewhy.endpoints.transport.api import HttpResponse
from seewhy.endpoints.transport.waiting import told_wait
from seewhy.records.types import FinishReason

TRY_AGAIN = {408, 409, 425, 429}
"""Statuses below 500 after which another try may help."""
SHOWN = 200
"""Characters of a strange answer that an error shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a call took, by the server's own count.

    Example:
        >>> Tokens(prompt=120, completion=8).cached
        0
    """

    prompt: int
    completion: int
    cached: int = 0
    """Of the prompt's tokens, those that the provider had kept and charges less for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedReply:
    """What one call brought: replies, a fault or both, the model as the server names it, and the tokens it took."""

    replies: tuple[Reply, ...] = ()
    fault: Fault | None = None
    model: str = ""
    tokens: Tokens | None = None
    """None where the server does not say."""

    @property
    def is_cost_known(self) -> bool:
        """Whether the server said what it took, or refused before it took anything."""
        return self.tokens is not None or (self.fault is not None and self.fault.cost is Cost.NOTHING)


def read_answer(reached: HttpResponse) -> ParsedReply:
    """The replies in what came back, or a fault that says what is wrong with it."""
    if reached.status != 200:
        return ParsedReply(fault=_refused(reached))
    try:
        answer = json.loads(reached.body)
    except ValueError:
        return ParsedReply(fault=_no_json(reached))
    if not isinstance(answer, dict):
        return ParsedReply(fault=_strange("a JSON value that is no object", reached))
    if "error" in answer and "choices" not in answer:
        words = _error_words(answer)
        return ParsedReply(fault=Fault(words=f"the server answered 200 with an error: {words}", cost=Cost.UNKNOWN))
    choices = answer.get("choices")
    if not isinstance(choices, list):
        return ParsedReply(fault=_strange("JSON without a list of choices", reached), tokens=_tokens(answer))
    return _read_choices(answer, choices)


def _read_choices(answer: Mapping[str, object], choices: Sequence[object]) -> ParsedReply:
    replies: list[Reply] = []
    faults: list[Fault] = []
    for choice in choices:
        found = _read_choice(choice)
        if isinstance(found, Reply):
            replies.append(found)
        else:
            faults.append(found)
    tokens = _tokens(answer)
    if not choices:
        faults = [Fault(words="the server answered with no choices", cost=Cost.TOLD if tokens else Cost.UNKNOWN)]
    # Replies that came beside a fault are kept, and only the rest is asked for again.
    declined = [fault for fault in faults if fault.is_reply]
    fault = None if replies or not faults else (declined or faults)[0]
    return ParsedReply(replies=tuple(replies), fault=fault, model=str(answer.get("model") or ""), tokens=tokens)


def _read_choice(choice: object) -> Reply | Fault:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return Fault(words="a choice without a message", cost=Cost.TOLD)
    end = choice.get("finish_reason")
    if message.get("refusal"):
        words = f"the model refused: {str(message['refusal'])[:SHOWN]}"
        return Fault(words=words, is_final=True, is_reply=True, cost=Cost.TOLD)
    if end == "content_filter":
        words = "the provider's content filter withheld the reply"
        return Fault(words=words, is_final=True, is_reply=True, cost=Cost.TOLD)
    text = _text_of(message.get("content"))
    # A model that thinks may use up its tokens before its first word.
    if text is None and end != "length":
        return Fault(words="a choice without content", cost=Cost.TOLD)
    stop = FinishReason.LENGTH if end == "length" else FinishReason.END
    return Reply(text=text or "", stop=stop, first_token=_first_token(choice.get("logprobs")))


def _text_of(content: object) -> str | None:
    if isinstance(content, list):
        parts = [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
        return "".join(parts) if parts else None
    return content if isinstance(content, str) else None


def _first_token(logprobs: object) -> dict[str, float]:
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(content, list) or not content or not isinstance(content[0], dict):
        return {}
    found: dict[str, float] = {}
    for told in (content[0], *(content[0].get("top_logprobs") or ())):
        if (
            isinstance(told, dict)
            and isinstance(told.get("token"), str)
            and isinstance(told.get("logprob"), int | float)
        ):
            found.setdefault(told["token"], float(told["logprob"]))
    return found


def _tokens(answer: Mapping[str, object]) -> Tokens | None:
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not isinstance(prompt, int):
        return None
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Tokens(
        prompt=prompt,
        completion=completion if isinstance(completion, int) else 0,
        cached=cached if isinstance(cached, int) else 0,
    )


def _refused(reached: HttpResponse) -> Fault:
    words = f"the server answered {reached.status}: {_body_words(reached)}"
    wait = told_wait(reached.headers)
    if reached.status >= 500 or reached.status in TRY_AGAIN:
        # What the account lacks does not come back by waiting.
        return Fault(words=words, is_final="insufficient_quota" in words, wait_s=wait)
    complaint = words.casefold() if reached.status in {400, 422} else ""
    return Fault(words=words, is_final=True, complaint=complaint)


def _body_words(reached: HttpResponse) -> str:
    try:
        answer = json.loads(reached.body)
    except ValueError:
        return _start_of(reached.body)
    return _error_words(answer) if isinstance(answer, dict) else _start_of(reached.body)


def _error_words(answer: Mapping[str, object]) -> str:
    told = answer.get("error", answer.get("detail", answer.get("message", answer)))
    if isinstance(told, dict):
        parts = (told.get(name) for name in ("message", "code", "param"))
        told = "; ".join(str(part) for part in parts if part) or json.dumps(told)
    return str(told)[: 2 * SHOWN]


def _no_json(reached: HttpResponse) -> Fault:
    kind = reached.headers.get("content-type", "")
    if "html" in kind or reached.body.lstrip()[:1] == b"<":
        return Fault(words=f"the server answered 200 with a web page, not with JSON: {_start_of(reached.body)}")
    return Fault(words=f"the server's JSON breaks off or is none: {_start_of(reached.body)}", cost=Cost.UNKNOWN)


def _strange(what: str, reached: HttpResponse) -> Fault:
    return Fault(words=f"the server answered with {what}: {_start_of(reached.body)}", cost=Cost.UNKNOWN)


def _start_of(body: bytes) -> str:
    text = " ".join(body[: 2 * SHOWN].decode("utf-8", errors="replace").split())
    return repr(text[:SHOWN]) if text else "nothing"

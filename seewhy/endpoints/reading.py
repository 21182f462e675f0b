"""Reads what a server sent: replies with their cost, or a fault with a name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from seewhy.endpoints.chat import Reply
from seewhy.endpoints.engine.tokens import drawn_tokens, prompt_tokens
from seewhy.endpoints.engine.versions import weight_versions
from seewhy.endpoints.faults import Cost, Fault
from seewhy.endpoints.texts import SHOWN, plain_text, start_of, text_of
from seewhy.endpoints.transport.api import HttpResponse
from seewhy.endpoints.transport.waiting import asked_wait
from seewhy.records.types import FinishReason

TRY_AGAIN = {408, 409, 425, 429}
"""Statuses below 500 after which another try may help."""
CUT = {"length", "model_length", "max_tokens", "max_output_tokens"}
WITHHELD = {"content_filter", "safety", "recitation", "prohibited_content", "blocklist", "sensitive"}
BROKEN = {"error", "abort", "aborted", "cancelled", "network_error", "insufficient_system_resource"}
TOOLS = {"tool_calls", "function_call"}
"""How `finish_reason` is spelled by OpenAI, Azure, Mistral, DeepSeek, vLLM, SGLang and gateways to other models."""
PROMPT_FILTERS = (
    "content_filter",
    "content_policy_violation",
    "responsibleaipolicyviolation",
    "data_inspection_failed",
)
"""Codes of errors of providers whose filter refuses a prompt: the same prompt is refused each time."""
MAX_COUNT = 50_000_000
"""Tokens of one call: more than any context holds several times over. A larger count is no bill."""
MIN_LOGPROB, MAX_LOGPROB = -1e6, 1e-6
"""Log-probabilities are between them; servers write -9999 for next to nothing, and round."""


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
    versions: tuple[str, ...] = ()
    """Of the weights that drew it, where the server says so."""

    @property
    def is_cost_known(self) -> bool:
        """Whether the server said what it took, or refused before it took anything."""
        return self.tokens is not None or (self.fault is not None and self.fault.cost is Cost.NOTHING)


def read_answer(reached: HttpResponse) -> ParsedReply:
    """The replies in what came back, or a fault that says what is wrong with it."""
    try:
        return _read(reached) if reached.status == 200 else ParsedReply(fault=_refused(reached))
    except RecursionError:
        words = f"the server answered {reached.status} with JSON that is nested too deeply: {start_of(reached.body)}"
        return ParsedReply(fault=Fault(words=words, cost=Cost.UNKNOWN))


def _read(reached: HttpResponse) -> ParsedReply:
    try:
        answer = json.loads(reached.body)
    except ValueError:
        return ParsedReply(fault=_no_json(reached))
    if not isinstance(answer, dict):
        return ParsedReply(fault=_strange("a JSON value that is no object", reached))
    tokens = _tokens(answer.get("usage"))
    if answer.get("error"):
        words = f"the server answered 200 with an error: {_error_words(answer)}"
        return ParsedReply(fault=Fault(words=words, cost=_cost(tokens)), tokens=tokens)
    choices = answer.get("choices")
    if not isinstance(choices, list):
        return ParsedReply(fault=_strange("JSON without a list of choices", reached), tokens=tokens)
    read = _read_choices(choices, model=plain_text(answer.get("model"))[:SHOWN], usage=answer.get("usage"))
    asked = prompt_tokens(answer)
    read = replace(read, versions=weight_versions(answer))
    return read if asked is None or not read.replies else _with_prompt(read, asked)


def _with_prompt(read: ParsedReply, asked: tuple[int, ...]) -> ParsedReply:
    """With the prompt's tokens at the first reply."""
    first, *others = read.replies
    return replace(read, replies=(replace(first, prompt_ids=asked), *others))


def _read_choices(choices: Sequence[object], *, model: str, usage: object) -> ParsedReply:
    replies: list[Reply] = []
    faults: list[Fault] = []
    has_reasoned = _reasoning_tokens(usage) > 0
    for choice in choices:
        found = _read_choice(choice, has_reasoned=has_reasoned)
        if isinstance(found, Reply):
            replies.append(found)
        else:
            faults.append(found)
    tokens = _tokens(usage)
    if not choices:
        faults = [Fault(words="the server answered with no choices", cost=_cost(tokens))]
    # Replies that came with a fault are kept, and only the rest is asked for again.
    declined = [fault for fault in faults if fault.is_reply]
    fault = None if replies or not faults else (declined or faults)[0]
    return ParsedReply(replies=tuple(replies), fault=fault, model=model, tokens=tokens)


def _read_choice(choice: object, *, has_reasoned: bool) -> Reply | Fault:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return Fault(words="a choice without a message", cost=Cost.TOLD)
    end = plain_text(choice.get("finish_reason")).casefold()
    refusal = plain_text(message.get("refusal"))
    if refusal:
        return _declined(f"the model refused: {refusal[:SHOWN]}")
    if end in WITHHELD:
        return _declined("the provider's content filter withheld the reply")
    if choice.get("error") or end in BROKEN:
        words = _error_words(choice) if choice.get("error") else f"its finish_reason is {end!r}"
        return Fault(words=f"the reply broke off at the server: {words}", cost=Cost.TOLD)
    text = text_of(message.get("content"))
    ids, logprobs = drawn_tokens(choice)
    if not text.strip() and ids is None:
        return _nothing_said(message, end, has_reasoned=has_reasoned)
    stop = FinishReason.LENGTH if end in CUT else FinishReason.END
    first = _first_token(choice.get("logprobs"))
    return Reply(text=text, stop=stop, first_token=first, token_ids=ids, logprobs=logprobs)


def _declined(words: str) -> Fault:
    return Fault(words=words, is_final=True, is_reply=True, cost=Cost.TOLD)


def _nothing_said(message: Mapping[str, object], end: str, *, has_reasoned: bool) -> Fault:
    """The fault of a reply without text; final where its cause is known, for the same call would end alike."""
    if message.get("tool_calls") or message.get("function_call") or end in TOOLS:
        words = "the model called a tool and said nothing; ask a model or a server that is given no tools"
    elif end in CUT:
        words = "reasoning, or white space, took all tokens of the reply before its first word; raise max_tokens"
    elif has_reasoned or any(message.get(name) for name in ("reasoning_content", "reasoning", "reasoning_details")):
        words = "the model gave its reasoning and no reply; raise max_tokens, or switch its reasoning off"
    else:
        return Fault(words="a choice without content: the model said nothing", cost=Cost.TOLD)
    return Fault(words=words, is_final=True, cost=Cost.TOLD)


def _first_token(logprobs: object) -> dict[str, float]:
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    first = content[0] if isinstance(content, list) and content else None
    if not isinstance(first, dict):
        return {}
    others = first.get("top_logprobs")
    found: dict[str, float] = {}
    for token_row in (first, *(others if isinstance(others, list) else ())):
        token, value = (
            (token_row.get("token"), token_row.get("logprob")) if isinstance(token_row, dict) else (None, None)
        )
        if isinstance(token, str) and is_number(value) and MIN_LOGPROB <= value <= MAX_LOGPROB:
            found.setdefault(plain_text(token), float(value))
    return found


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether JSON text held a number here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tokens(usage: object) -> Tokens | None:
    """The server's bill; None where there is none, or none that can be."""
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if completion is None:
        completion = 0
    if not is_count(prompt) or not is_count(completion):
        return None
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Tokens(prompt=prompt, completion=completion, cached=min(cached, prompt) if is_count(cached) else 0)


def is_count(value: object) -> TypeGuard[int]:
    """Whether a value can be the tokens of one call."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


def _reasoning_tokens(usage: object) -> int:
    details = usage.get("completion_tokens_details") if isinstance(usage, dict) else None
    count = details.get("reasoning_tokens") if isinstance(details, dict) else None
    return count if isinstance(count, int) else 0


def _cost(tokens: Tokens | None) -> Cost:
    return Cost.TOLD if tokens else Cost.UNKNOWN


def _refused(reached: HttpResponse) -> Fault:
    if 300 <= reached.status < 400:
        place = reached.headers.get("location", "")[:SHOWN]
        words = (
            f"the server answered {reached.status} and names another address, {place!r}. Requests are not sent on: "
            "name that address in base_url if it is right"
        )
        return Fault(words=words, is_final=True)
    body = _body_words(reached)
    words = f"the server answered {reached.status}: {body}"
    wait = asked_wait(reached.headers)
    if reached.status >= 500 or reached.status in TRY_AGAIN:
        # What the account lacks does not come back by waiting.
        return Fault(words=words, is_final="insufficient_quota" in words, wait_s=wait)
    if reached.status in {400, 403, 422} and _is_prompt_filter(reached.body):
        return Fault(words=f"the provider's filter refused the prompt: {body}", is_final=True, is_reply=True)
    complaint = words.casefold() if reached.status in {400, 422} else ""
    return Fault(words=words, is_final=True, complaint=complaint)


def _is_prompt_filter(body: bytes) -> bool:
    """Whether an error's own code names a filter; words in its message alone prove nothing."""
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    error = answer.get("error") if isinstance(answer, dict) else None
    inner = error.get("innererror") if isinstance(error, dict) else None
    codes = [part.get("code") for part in (answer, error, inner) if isinstance(part, dict)]
    return any(plain_text(code).casefold() in PROMPT_FILTERS for code in codes)


def _body_words(reached: HttpResponse) -> str:
    try:
        answer = json.loads(reached.body)
    except ValueError:
        return start_of(reached.body)
    return _error_words(answer) if isinstance(answer, dict) else start_of(reached.body)


def _error_words(answer: Mapping[str, object]) -> str:
    error = answer.get("error", answer.get("detail", answer.get("message", answer)))
    if isinstance(error, dict):
        parts = (error.get(name) for name in ("message", "code", "param"))
        error = "; ".join(str(part) for part in parts if part) or json.dumps(error)
    return plain_text(str(error))[: 2 * SHOWN]


def _no_json(reached: HttpResponse) -> Fault:
    kind = reached.headers.get("content-type", "")
    if "html" in kind or reached.body.lstrip()[:1] == b"<":
        return Fault(words=f"the server answered 200 with a web page, not with JSON: {start_of(reached.body)}")
    return Fault(words=f"the server's JSON breaks off or is none: {start_of(reached.body)}", cost=Cost.UNKNOWN)


def _strange(what: str, reached: HttpResponse) -> Fault:
    return Fault(words=f"the server answered with {what}: {start_of(reached.body)}", cost=Cost.UNKNOWN)

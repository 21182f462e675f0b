"""Requests as JSON: what is sent, and the key under which its replies are kept."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from seewhy.model.remote.manners import Manners
from seewhy.model.remote.plan import EndpointPlan
from seewhy.model.remote.sent_pictures import SentPicture, send_picture
from seewhy.model.talk import Message, Request

LOCAL = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}
SEEDS = 2**31
KEY_VERSION = 1
"""Changes whenever the meaning of a key does, so that old replies are not taken for new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request made ready: its messages as JSON with the pictures in them, and its key."""

    request: Request
    messages: str
    """JSON text."""
    key: str
    """SHA-256 of all that decides the reply: texts, pictures as sent, model, host, decoding and form."""
    text_bytes: int
    """Of all messages together, in UTF-8: an upper bound of their tokens."""
    pictures: tuple[tuple[int, int], ...]
    """Width and height of each picture as sent."""


def prepare_request(request: Request, endpoint: EndpointPlan) -> Prepared:
    """Reads the pictures; raises ValueError where one cannot be read."""
    pictures = [[send_picture(ref, endpoint.most_pixels) for ref in message.images] for message in request.messages]
    pairs = list(zip(request.messages, pictures, strict=True))
    return Prepared(
        request=request,
        messages=_dump([_message(message, sent, endpoint.detail) for message, sent in pairs]),
        key=_key(request, [[picture.digest for picture in sent] for sent in pictures], endpoint),
        text_bytes=sum(len(message.text.encode()) for message in request.messages),
        pictures=tuple((picture.width, picture.height) for sent in pictures for picture in sent),
    )


def payload_of(prepared: Prepared, model: str, manners: Manners, count: int, offset: int) -> bytes:
    """The body of a call for `count` replies where `offset` were had before."""
    request = prepared.request
    told: dict[str, object] = {"model": model}
    told |= {"temperature": request.temperature, "top_p": request.top_p, manners.limit_word: request.max_tokens}
    if count > 1:
        told["n"] = count
    if request.seed is not None and manners.takes_seed:
        told["seed"] = seed_at(request.seed, offset)
    if request.top_logprobs and manners.gives_logprobs:
        told |= {"logprobs": True, "top_logprobs": request.top_logprobs}
    if request.form is not None:
        told |= manners.form_words(request.form)
    return f'{{"messages":{prepared.messages},{_dump(told)[1:]}'.encode()


def seed_at(seed: int, offset: int) -> int:
    """The seed of a call that goes on after `offset` replies: the request's own at first, then another each time.

    A server that gives one choice a call would otherwise give the same reply again.

    Example:
        >>> seed_at(7, 0), seed_at(7, 1) != seed_at(7, 2)
        (7, True)
    """
    if offset == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}/{offset}".encode()).digest()[:8]) % SEEDS


def host_of(base_url: str) -> str:
    """The host of an address; every name of this machine is `local`, whatever the port.

    Example:
        >>> host_of("https://api.openai.com/v1"), host_of("http://127.0.0.1:8000/v1")
        ('api.openai.com', 'local')
    """
    host = (urlsplit(base_url).hostname or "").lower()
    return "local" if host in LOCAL else host


def _message(message: Message, pictures: list[SentPicture], detail: str) -> Mapping[str, object]:
    if not pictures:
        return {"role": message.role.value, "content": message.text}
    shown = [{"type": "image_url", "image_url": {"url": picture.url, "detail": detail}} for picture in pictures]
    return {"role": message.role.value, "content": [*shown, {"type": "text", "text": message.text}]}


def _key(request: Request, digests: list[list[str]], endpoint: EndpointPlan) -> str:
    form = request.form
    decides = {
        "version": KEY_VERSION,
        "host": host_of(endpoint.base_url),
        "salt": endpoint.cache_salt,
        "model": endpoint.model,
        "messages": [
            [message.role.value, message.text, sent] for message, sent in zip(request.messages, digests, strict=True)
        ],
        "detail": endpoint.detail if any(digests) else "",
        "decoding": [float(request.temperature), float(request.top_p), request.max_tokens, request.seed],
        "form": [form.name, form.schema, endpoint.form] if form else [],
        "top_logprobs": request.top_logprobs,
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

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
FRAME_TOKENS = 16
"""More than chat templates put around a message: 3 to 6 tokens, by OpenAI's cookbook and those of open models."""
DUMP = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
KEY_VERSION = 1
"""Changes whenever the meaning of a key does, so that old replies are not taken for new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request made ready: its messages as JSON with the pictures in them, and its key."""

    request: Request
    messages: str
    """JSON text."""
    key: str
    """SHA-256 of all that decides the reply: texts, pictures as sent, model, host, decoding and form; never a key."""
    text_bytes: int
    """Of all messages and the form together, in UTF-8, with what stands around them: an upper bound of tokens."""
    pictures: tuple[tuple[int, int], ...]
    """Width and height of each picture as sent."""


def prepare_request(request: Request, endpoint: EndpointPlan) -> Prepared:
    """Reads the pictures; raises ValueError where one cannot be read."""
    pictures = [[send_picture(ref, endpoint.most_pixels) for ref in message.images] for message in request.messages]
    pairs = zip(request.messages, pictures, strict=True)
    messages = DUMP([_message(message, sent, endpoint.detail) for message, sent in pairs])
    return Prepared(
        request=request,
        messages=messages,
        key=_key(request, messages, endpoint),
        text_bytes=_bytes_of(request),
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
    return f'{{"messages":{prepared.messages},{DUMP(told)[1:]}'.encode()


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


def _bytes_of(request: Request) -> int:
    form = len(request.form.schema.encode()) if request.form else 0
    return form + FRAME_TOKENS + sum(len(message.text.encode()) + FRAME_TOKENS for message in request.messages)


def _message(message: Message, pictures: list[SentPicture], detail: str) -> Mapping[str, object]:
    if not pictures:
        return {"role": message.role.value, "content": message.text}
    shown = [{"type": "image_url", "image_url": {"url": picture.url, "detail": detail}} for picture in pictures]
    return {"role": message.role.value, "content": [*shown, {"type": "text", "text": message.text}]}


def _key(request: Request, messages: str, endpoint: EndpointPlan) -> str:
    # Of a picture the bytes stand in the messages: another picture, size or detail is another key.
    form = request.form
    decides = [
        KEY_VERSION,
        host_of(endpoint.base_url),
        endpoint.cache_salt,
        endpoint.model,
        float(request.temperature),
        float(request.top_p),
        request.max_tokens,
        request.seed,
        [form.name, form.schema, endpoint.form] if form else [],
        request.top_logprobs,
    ]
    return hashlib.sha256(f"{DUMP(decides)}{messages}".encode()).hexdigest()

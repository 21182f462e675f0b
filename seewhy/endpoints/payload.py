"""Requests as JSON: what is sent, and the key under which its replies are kept."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from json.encoder import encode_basestring
from urllib.parse import urlsplit

from seewhy.endpoints.capabilities import ServerCapabilities, form_words
from seewhy.endpoints.chat import AsDrawn, Message, Request, ResponseFormat
from seewhy.endpoints.engine.words import sampling_words
from seewhy.endpoints.plan import EndpointPlan
from seewhy.endpoints.sent_pictures import SentPicture, send_picture
from seewhy.records.conversation import text_pieces

LOCAL = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}
SEEDS = 2**31
FRAME_TOKENS = 16
"""More than chat templates put around a message: 3 to 6 tokens, by OpenAI's cookbook and those of open models."""
DUMP = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
SETTINGS = 256
"""How many settings of requests, seeds among them, are kept as JSON text: a stage has a handful."""
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
    """Of all messages and the form together, in UTF-8, with what is around them: an upper bound of tokens."""
    pictures: tuple[tuple[int, int], ...]
    """Width and height of each picture as sent."""


def prepare_request(request: Request, endpoint: EndpointPlan) -> Prepared:
    """Reads the pictures; raises ValueError where one cannot be read."""
    written: list[str] = []
    pictures: list[SentPicture] = []
    for message in request.messages:
        sent = [send_picture(ref, endpoint.max_pixels) for ref in message.images]
        written.append(_message(message, sent, endpoint.detail))
        pictures += sent
    messages = f"[{','.join(written)}]"
    return Prepared(
        request=request,
        messages=messages,
        key=_key(request, messages, endpoint),
        text_bytes=_bytes_of(request),
        pictures=tuple([(picture.width, picture.height) for picture in pictures]),
    )


def payload_of(prepared: Prepared, model: str, capabilities: ServerCapabilities, count: int, offset: int) -> bytes:
    """The body of a call for `count` replies where `offset` were had before."""
    request = prepared.request
    has_seed = request.seed is not None and capabilities.takes_seed
    temperature, top_p = capabilities.sampling_for(request.temperature, request.top_p)
    settings = _settings(
        model=model,
        temperature=temperature,
        top_p=top_p,
        limit_word=capabilities.limit_word,
        max_tokens=request.max_tokens,
        count=count,
        seed=seed_at(request.seed, offset) if request.seed is not None and has_seed else None,
        top_logprobs=request.top_logprobs if capabilities.gives_logprobs else 0,
        form=request.form,
        form_kind=capabilities.form,
        drawn=request.drawn,
        drawn_words=capabilities.drawn_words,
    )
    return f'{{"messages":{prepared.messages},{settings}'.encode()


def streamed(payload: bytes) -> bytes:
    """The body of a call whose answer is to come in pieces.

    Example:
        >>> streamed(b'{"n":1}')
        b'{"n":1,"stream":true}'
    """
    return payload[:-1] + b',"stream":true}'


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
    return form + FRAME_TOKENS + sum([len(message.text.encode()) + FRAME_TOKENS for message in request.messages])


def _message(message: Message, pictures: list[SentPicture], detail: str) -> str:
    if not pictures:
        return f'{{"role":"{message.role.value}","content":{encode_basestring(message.text)}}}'
    shown = [{"type": "image_url", "image_url": {"url": picture.url, "detail": detail}} for picture in pictures]
    if message.places is None:
        return DUMP({"role": message.role.value, "content": [*shown, {"type": "text", "text": message.text}]})
    first, *others = text_pieces(message.text, message.places)
    texts = [{"type": "text", "text": piece} if piece else None for piece in others]
    parts = [{"type": "text", "text": first} if first else None, *chain.from_iterable(zip(shown, texts, strict=True))]
    return DUMP({"role": message.role.value, "content": [part for part in parts if part]})


def _key(request: Request, messages: str, endpoint: EndpointPlan) -> str:
    # Of a picture the bytes are in the messages: another picture, size or detail is another key.
    before, after = _decides(
        endpoint, request.temperature, request.top_p, request.max_tokens, request.form, request.top_logprobs,
        request.drawn,
    )  # fmt: skip
    seed = "null" if request.seed is None else request.seed
    return hashlib.sha256(f"{before}{seed}{after}{messages}".encode()).hexdigest()


@lru_cache(maxsize=SETTINGS)
def _decides(
    endpoint: EndpointPlan,
    temperature: float,
    top_p: float,
    max_tokens: int,
    form: ResponseFormat | None,
    top_logprobs: int,
    drawn: AsDrawn | None,
) -> tuple[str, str]:
    """All but seed and messages that decides a reply, as JSON text: before the seed and after it."""
    # Weights of a training have another name each time that they are given, and any of their servers may draw.
    kept_as = drawn.kept_as if drawn else ""
    who = ("", kept_as) if kept_as else (host_of(endpoint.base_url), endpoint.model)
    before: list[object] = [KEY_VERSION, who[0], endpoint.cache_salt, who[1]]
    before += [float(temperature), float(top_p), max_tokens]
    after = [[form.name, form.schema, endpoint.form] if form else [], top_logprobs]
    after += [["drawn", drawn.top_k, drawn.ends]] if drawn else []
    return f"{DUMP(before)[:-1]},", f",{DUMP(after)[1:]}"


@lru_cache(maxsize=SETTINGS, typed=True)
def _settings(
    *,
    model: str,
    temperature: float | None,
    top_p: float | None,
    limit_word: str,
    max_tokens: int,
    count: int,
    seed: int | None,
    top_logprobs: int,
    form: ResponseFormat | None,
    form_kind: str,
    drawn: AsDrawn | None,
    drawn_words: str,
) -> str:
    """All of a call but its messages, as JSON text without the first brace."""
    sampling = {"temperature": temperature, "top_p": top_p}
    settings: dict[str, object] = {
        "model": model,
        **{name: value for name, value in sampling.items() if value is not None},
    }
    settings[limit_word] = max_tokens
    if count > 1:
        settings["n"] = count
    if seed is not None:
        settings["seed"] = seed
    if top_logprobs:
        settings |= {"logprobs": True, "top_logprobs": top_logprobs}
    if form is not None:
        settings |= form_words(form_kind, form)
    if drawn is not None:
        settings |= sampling_words(drawn_words, drawn, temperature, top_p)
    return DUMP(settings)[1:]

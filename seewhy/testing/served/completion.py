"""A reply's text as the body of a chat completion: choices, log-probabilities, usage."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seewhy.endpoints.chat import Reply
from seewhy.records.types import FinishReason
from seewhy.testing.served.asked import Asked

LETTERS_PER_TOKEN = 4
PICTURE_TOKENS = 85
"""Of a picture at low detail, as OpenAI's price list has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """An answer to one call: the body, and what it is charged as."""

    body: Mapping[str, object]
    choices: int
    usage: Mapping[str, int]


def count_tokens(text: str) -> int:
    """Tokens of a text: four letters each, the last one perhaps fewer.

    Example:
        >>> count_tokens("digit"), count_tokens("")
        (2, 0)
    """
    return math.ceil(len(text) / LETTERS_PER_TOKEN)


def complete(asked: Asked, replies: Sequence[Reply], name: str, number: int, *, refusal: str = "") -> Completion:
    """The chat completion of a model called `name`; `refusal` replaces each text where it is given."""
    made = [_cut(reply, asked.max_tokens) for reply in replies]
    choices = [_choice(asked, index, reply, refusal) for index, reply in enumerate(made)]
    prompt = count_tokens(asked.text) + PICTURE_TOKENS * len(asked.pictures)
    said = sum(count_tokens(refusal or reply.text) for reply in made)
    usage = {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said}
    body = {"id": f"chatcmpl-{number}", "object": "chat.completion", "created": 0, "model": name, "choices": choices,
            "usage": usage}  # fmt: skip
    return Completion(body=body, choices=len(choices), usage=usage)


def in_pieces(body: Mapping[str, Any]) -> bytes:
    """A chat completion as server-sent events: the role of each choice, its text word by word, its end, the bill."""
    head = {name: body[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    pieces: list[dict[str, Any]] = []
    for choice in body["choices"]:
        message, at = choice["message"], {"index": choice["index"], "finish_reason": None}
        words = re.findall(r"\S+\s*|\s+", message["content"] or "")
        deltas = [{"role": message["role"]}, *({"content": word} for word in words)]
        deltas += [{"refusal": message["refusal"]}] if message["refusal"] else []
        pieces += [{"choices": [at | {"delta": delta}]} for delta in deltas]
        pieces.append({"choices": [at | {"delta": {}, "finish_reason": choice["finish_reason"]}]})
    pieces.append({"choices": [], "usage": body["usage"]})
    return b"".join(b"data: %s\n\n" % json.dumps(head | piece).encode() for piece in pieces) + b"data: [DONE]\n\n"


def _cut(reply: Reply, limit: int | None) -> Reply:
    if limit is None or count_tokens(reply.text) <= limit:
        return reply
    return replace(reply, text=reply.text[: limit * LETTERS_PER_TOKEN], stop=FinishReason.LENGTH)


def _choice(asked: Asked, index: int, reply: Reply, refusal: str) -> dict[str, object]:
    return {
        "index": index,
        "message": {"role": "assistant", "content": None if refusal else reply.text, "refusal": refusal or None},
        "logprobs": None if asked.top_logprobs is None or refusal else _logprobs(reply, asked.top_logprobs),
        "finish_reason": "length" if reply.stop is FinishReason.LENGTH else "stop",
    }


def _logprobs(reply: Reply, most: int) -> dict[str, object]:
    """The first token with its alternatives: `most` of them at most, the likeliest first."""
    first = reply.text[:LETTERS_PER_TOKEN]
    found = sorted((reply.first_token or {first: 0.0}).items(), key=lambda row: -row[1])
    rows = [{"token": token, "logprob": logprob, "bytes": list(token.encode())} for token, logprob in found]
    return {"content": [{**rows[0], "top_logprobs": rows[:most]}]}

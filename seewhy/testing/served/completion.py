"""A reply's text as the body of a chat completion: choices, log-probabilities, usage."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seewhy.testing.served.asked import Asked

LETTERS_PER_TOKEN = 4
PICTURE_TOKENS = 85
"""Of a picture at low detail, as OpenAI's price list has it."""
SURE, UNSURE = 0.95, 0.05
"""Probabilities of what the oracle says and of its opposite."""
OPPOSITES = {"yes": "no", "no": "yes", "Yes": "No", "No": "Yes"}


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


def complete(asked: Asked, texts: Sequence[str], name: str, number: int, *, refusal: str = "") -> Completion:
    """The chat completion of a model called `name`; `refusal` stands in place of each text where it is said."""
    limit = asked.max_tokens
    cut = [text if limit is None else text[: limit * LETTERS_PER_TOKEN] for text in texts]
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": None if refusal else text, "refusal": refusal or None},
            "logprobs": None if asked.top_logprobs is None or refusal else _logprobs(text, asked.top_logprobs),
            "finish_reason": "stop" if text == whole else "length",
        }
        for index, (text, whole) in enumerate(zip(cut, texts, strict=True))
    ]
    made = sum(count_tokens(refusal or text) for text in cut)
    prompt = count_tokens(asked.text) + PICTURE_TOKENS * len(asked.pictures)
    usage = {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}
    body = {"id": f"chatcmpl-{number}", "object": "chat.completion", "created": 0, "model": name, "choices": choices,
            "usage": usage}  # fmt: skip
    return Completion(body=body, choices=len(choices), usage=usage)


def _logprobs(text: str, most: int) -> dict[str, object]:
    """The first token with its alternatives: `most` of them at most, the likeliest first."""
    first = text.split(maxsplit=1)[0].strip(".,") if text.strip() else ""
    shares = {first: SURE, OPPOSITES[first]: UNSURE} if first in OPPOSITES else {first: 1.0}
    rows = [_token(token, share) for token, share in shares.items()]
    return {"content": [{**rows[0], "top_logprobs": rows[:most]}]}


def _token(token: str, share: float) -> dict[str, object]:
    return {"token": token, "logprob": math.log(share), "bytes": list(token.encode())}

"""Reads the tokens of a reply as engines give them; a log-probability that is not there is NaN, and never 0."""

import math
from collections.abc import Mapping, Sequence

MARK = "token_id:"
"""Before a token's id, where vLLM puts ids in the place of words."""
LEAST, MOST = -9_000.0, 1e-6
"""Of a token that was drawn: vLLM writes -9999 for minus infinity, with which none is drawn; sums are rounded."""

Tokens = tuple[tuple[int, ...] | None, tuple[float, ...] | None]


def drawn_tokens(choice: Mapping[str, object]) -> Tokens:
    """Ids and log-probabilities of a choice; None where it has none, or not one a token.

    vLLM gives `token_ids` beside `logprobs.content`, or ids as words of the latter; SGLang `meta_info` with rows of
    log-probability, id and word.

    Example:
        >>> drawn_tokens({"token_ids": [5, 2], "logprobs": {"content": [{"logprob": -0.5}, {"logprob": None}]}})
        ((5, 2), (-0.5, nan))
    """
    meta = choice.get("meta_info")
    rows = meta.get("output_token_logprobs") if isinstance(meta, Mapping) else None
    if isinstance(rows, list) and rows and all(isinstance(row, list | tuple) and len(row) > 1 for row in rows):
        ids = id_row([row[1] for row in rows])
        return (ids, tuple(logprob_of(row[0]) for row in rows)) if ids is not None else (None, None)
    content = _content(choice.get("logprobs"))
    ids = id_row(choice.get("token_ids"))
    if ids is None and isinstance(meta, Mapping):
        ids = id_row(meta.get("output_ids"))
    if ids is None:
        ids = _ids_in_words(content)
    if ids is None or len(content) != len(ids):
        return ids, None
    return ids, tuple(logprob_of(row.get("logprob")) for row in content)


def prompt_tokens(answer: Mapping[str, object]) -> tuple[int, ...] | None:
    """Ids of the prompt as the server encoded it: beside the choices, or in the first of them."""
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else {}
    return id_row(answer.get("prompt_token_ids")) or id_row(first.get("prompt_token_ids"))


def logprob_of(value: object) -> float:
    """A log-probability; NaN for null, for infinity, and for what stands in their place.

    Example:
        >>> logprob_of(-0.25), logprob_of(None), logprob_of(-9999.0), logprob_of(3)
        (-0.25, nan, nan, nan)
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        return math.nan
    return min(0.0, float(value)) if LEAST < value <= MOST else math.nan


def id_row(value: object) -> tuple[int, ...] | None:
    """Ids of tokens; None where the value is no list of them."""
    if not isinstance(value, list) or not all(type(one) is int and one >= 0 for one in value):
        return None
    return tuple(value)


def _content(logprobs: object) -> Sequence[Mapping[str, object]]:
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not isinstance(content, list) or not all(isinstance(row, Mapping) for row in content):
        return ()
    return content


def _ids_in_words(content: Sequence[Mapping[str, object]]) -> tuple[int, ...] | None:
    words = [row.get("token") for row in content]
    ids = [word.removeprefix(MARK) for word in words if isinstance(word, str) and word.startswith(MARK)]
    if not words or len(ids) != len(words) or not all(one.isdecimal() for one in ids):
        return None
    return tuple(int(one) for one in ids)

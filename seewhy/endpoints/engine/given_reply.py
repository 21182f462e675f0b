"""Reads log-probabilities of a reply that a server was given as the end of a prompt: of vLLM and of SGLang."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from seewhy.endpoints.engine.tokens import logprob_of, prompt_tokens
from seewhy.endpoints.texts import plain_text

WORDS: Mapping[str, object] = {
    "prompt_logprobs": 0, "return_token_ids": True, "add_generation_prompt": False, "continue_final_message": True,
    "max_tokens": 1,
}  # fmt: skip
"""What a chat completion says beside its messages, the reply last: vLLM's fields (`ChatCompletionRequest`)."""
NATIVE: Mapping[str, object] = {
    "sampling_params": {"max_new_tokens": 1, "temperature": 0}, "return_logprob": True, "logprob_start_len": 0,
    "return_text_in_logprobs": True,
}  # fmt: skip
"""What SGLang's `/generate` is asked beside a text and its pictures (`GenerateReqInput`)."""


class NoLogprobsError(ValueError):
    """A server gave no log-probabilities of a reply; the message names the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenReply:
    """The tokens of a reply as a server's tokeniser cuts it, without the end of the turn.

    Example:
        >>> GivenReply(token_ids=(5, 2), tokens=("It", " is"), logprobs=(-0.5, -0.1)).logprobs[0]
        -0.5
    """

    token_ids: tuple[int, ...]
    tokens: tuple[str, ...]
    """The text of each."""
    logprobs: tuple[float, ...]
    """Natural, one a token."""


def given_reply(answer: Mapping[str, object], text: str) -> GivenReply:
    """The reply's part of `prompt_logprobs`: the last tokens, which joined are its text.

    Args:
        answer: a chat completion, with one row a token of the prompt: null, or log-probabilities by token id.
        text: the reply; white space around it is not compared.

    Raises:
        NoLogprobsError: there are none, or no last tokens are the text.

    Example:
        >>> given_reply({"prompt_logprobs": [None, {"5": {"logprob": -0.5, "decoded_token": "It"}}]}, "It")
        GivenReply(token_ids=(5,), tokens=('It',), logprobs=(-0.5,))
    """
    rows = answer.get("prompt_logprobs")
    if not isinstance(rows, list) or not rows:
        raise NoLogprobsError("its answer has no prompt_logprobs")
    known = prompt_tokens(answer)
    ids = known if known is not None and len(known) == len(rows) else (None,) * len(rows)
    return _ending((_token(row, token) for token, row in zip(reversed(ids), reversed(rows), strict=True)), text)


def native_reply(answer: Mapping[str, object], text: str) -> GivenReply:
    """The same of `input_token_logprobs`, as SGLang's own `/generate` gives them.

    Raises:
        NoLogprobsError: there are none, or no last tokens are the text.

    Example:
        >>> native_reply({"meta_info": {"input_token_logprobs": [[None, 1, "?"], [-0.5, 5, "It"]]}}, "It").token_ids
        (5,)
    """
    meta = answer.get("meta_info")
    rows = meta.get("input_token_logprobs") if isinstance(meta, Mapping) else None
    if not isinstance(rows, list) or not rows:
        raise NoLogprobsError("its answer has no input_token_logprobs")
    return _ending((_native_token(row) for row in reversed(rows)), text)


def _ending(last_first: Iterable[tuple[int, float, str]], text: str) -> GivenReply:
    """The last tokens of a prompt that joined are the text."""
    wanted, joined = text.strip(), ""
    found: list[tuple[int, float, str]] = []
    for token in last_first:
        found.append(token)
        joined = token[2] + joined
        if joined.strip() == wanted:
            return _whole(found[::-1])
        if len(joined.strip()) > len(wanted):
            break
    raise NoLogprobsError(f"the last tokens of its prompt are {joined[-40:]!r}, and not the reply's")


def _token(row: object, token: int | None) -> tuple[int, float, str]:
    """Id, log-probability and text of a prompt's token; of several in a row the one that stands in the prompt."""
    if isinstance(row, Mapping) and (token is not None or len(row) == 1):
        number = str(token) if token is not None else next(iter(row))
        match row.get(number):
            case {"logprob": value, "decoded_token": str(piece)} if str(number).isdecimal():
                return int(number), logprob_of(value), plain_text(piece)
            case _:
                pass
    raise NoLogprobsError(f"a row of its prompt_logprobs is {str(row)[:80]}")


def _native_token(row: object) -> tuple[int, float, str]:
    match row:
        case [value, int(token), str(piece)] if token >= 0:
            return token, logprob_of(value), plain_text(piece)
        case _:
            raise NoLogprobsError(f"a row of its input_token_logprobs is {str(row)[:80]}")


def _whole(found: Sequence[tuple[int, float, str]]) -> GivenReply:
    ids, logprobs, tokens = zip(*found, strict=True)
    if any(map(isnan, logprobs)):
        raise NoLogprobsError("a token of the reply has no log-probability")
    return GivenReply(token_ids=ids, tokens=tokens, logprobs=logprobs)

"""Asks a server for the log-probabilities of a reply that it is given: one call, whose one drawn token is not used."""

import json
from collections.abc import Sequence

from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import extra_headers, headers_for
from seewhy.endpoints.engine.given_reply import WORDS, GivenReply, NoLogprobsError, given_reply
from seewhy.endpoints.payload import prepare_request
from seewhy.endpoints.plan import EndpointPlan
from seewhy.endpoints.secrets import read_key, redactor_for
from seewhy.endpoints.transport.api import HttpResponse
from seewhy.endpoints.transport.http import HttpTransport
from seewhy.endpoints.transport.loop import BackgroundLoop
from seewhy.records.turns import Role

WITHIN_S = 120.0
"""Seconds in which a server must have scored a reply."""


def score_reply(endpoint: EndpointPlan, messages: Sequence[Message], text: str) -> GivenReply:
    """The tokens of a reply to `messages` with their log-probabilities under the server's weights.

    Raises:
        NoLogprobsError: the server does not answer, refuses the request or tells no log-probabilities.
        ValueError: a picture cannot be read, or the key's variable is empty.
    """
    said = Request(messages=(*messages, Message(role=Role.ASSISTANT, text=text)))
    words = json.dumps({"model": endpoint.model, **WORDS})[1:]
    payload = f'{{"messages":{prepare_request(said, endpoint).messages},{words}'.encode()
    key, more = read_key(endpoint.key_variable), extra_headers(endpoint)
    say = redactor_for(key, *more.values()).clean
    loop = BackgroundLoop(f"scores of {endpoint.model}")
    try:
        return given_reply(_answer(loop.run(_post(endpoint, headers_for(endpoint.base_url, key, more), payload))), text)
    except (OSError, NoLogprobsError) as error:
        why = say(str(error)) or f"no answer within {WITHIN_S:g} s"
        raise NoLogprobsError(
            f"{endpoint.model} at {endpoint.base_url} gives no log-probabilities of a given reply ({why}); serve it by "
            "vLLM, whose chat completions give them, or name the folder of its weights in place of NAME@URL"
        ) from error
    finally:
        loop.close()


async def _post(endpoint: EndpointPlan, headers: dict[str, str], payload: bytes) -> HttpResponse:
    transport = HttpTransport(endpoint.base_url, headers, endpoint.query)
    try:
        return await transport.post("/chat/completions", payload, WITHIN_S)
    finally:
        await transport.close()


def _answer(reached: HttpResponse) -> dict[str, object]:
    if reached.status != 200:
        raise NoLogprobsError(f"{reached.status}: {reached.body[:300].decode(errors='replace')}")
    try:
        found: object = json.loads(reached.body)
    except (ValueError, RecursionError) as error:
        raise NoLogprobsError("its answer is not JSON") from error
    if not isinstance(found, dict):
        raise NoLogprobsError("its answer is no JSON object")
    return found

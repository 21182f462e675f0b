"""Asks a server for the log-probabilities of a reply that it is given: a call whose one drawn token is not used."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.client import extra_headers, headers_for
from seewhy.endpoints.engine.given_reply import (
    NATIVE,
    WORDS,
    GivenReply,
    NoLogprobsError,
    given_reply,
    native_reply,
)
from seewhy.endpoints.engine.refresh import engine_root, kind_of
from seewhy.endpoints.engine.words import SGLANG
from seewhy.endpoints.payload import prepare_request
from seewhy.endpoints.plan import EndpointPlan
from seewhy.endpoints.secrets import read_key, redactor_for
from seewhy.endpoints.transport.api import HttpResponse
from seewhy.endpoints.transport.http import HttpTransport
from seewhy.endpoints.transport.loop import BackgroundLoop
from seewhy.records.turns import Role

WITHIN_S = 120.0
"""Seconds in which a server must have scored a reply."""


def score_reply(
    endpoint: EndpointPlan, messages: Sequence[Message], text: str, written: Callable[[], str] | None = None
) -> GivenReply:
    """The tokens of a reply to `messages` with their log-probabilities under the server's weights.

    Args:
        endpoint: which server.
        messages: the question.
        text: the reply.
        written: gives the messages as the model's chat template writes them, for SGLang, whose chat completions give
            no log-probabilities of a prompt, and whose `/generate` takes a text.

    Raises:
        NoLogprobsError: the server does not answer, refuses the request or tells no log-probabilities.
        ValueError: a picture cannot be read, or the key's variable is empty.
    """
    said = Request(messages=(*messages, Message(role=Role.ASSISTANT, text=text)))
    sent = prepare_request(said, endpoint).messages
    key, more = read_key(endpoint.key_variable), extra_headers(endpoint)
    say = redactor_for(key, *more.values()).clean
    call = _Call(endpoint=endpoint, headers=headers_for(endpoint.base_url, key, more), messages=sent, text=text)
    loop = BackgroundLoop(f"scores of {endpoint.model}")
    try:
        return loop.run(call.scored(written))
    except (OSError, NoLogprobsError) as error:
        why = say(str(error)) or f"no answer within {WITHIN_S:g} s"
        raise NoLogprobsError(
            f"{endpoint.model} at {endpoint.base_url} gives no log-probabilities of a given reply ({why}); serve it by "
            "vLLM, whose chat completions give them, or name the folder of its weights in place of NAME@URL"
        ) from error
    finally:
        loop.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A reply that a server is asked about."""

    endpoint: EndpointPlan
    headers: Mapping[str, str]
    messages: str
    """JSON, the reply last."""
    text: str

    async def scored(self, written: Callable[[], str] | None) -> GivenReply:
        words = json.dumps({"model": self.endpoint.model, **WORDS})[1:]
        payload = f'{{"messages":{self.messages},{words}'.encode()
        try:
            return given_reply(await self._answer(self.endpoint.base_url, "/chat/completions", payload), self.text)
        except NoLogprobsError:
            root = engine_root(self.endpoint.base_url)
            if not await self._is_sglang(root):
                raise
        if written is None:
            raise NoLogprobsError("SGLang gives them of a text, which takes the model's chat template: compare it with "
                                  "a model whose weights are here")  # fmt: skip
        return native_reply(await self._answer(root, "/generate", self._native(written())), self.text)

    def _native(self, written: str) -> bytes:
        """What SGLang's `/generate` is asked; an adapter is named behind a colon, as in its chat completions."""
        parts = [part for message in json.loads(self.messages) if isinstance(message["content"], list)
                 for part in message["content"]]  # fmt: skip
        pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        adapter = self.endpoint.model.partition(":")[2]
        shown = {**({"image_data": pictures} if pictures else {}), **({"lora_path": adapter} if adapter else {})}
        return json.dumps({"text": written + self.text, **shown, **NATIVE}).encode()

    async def _answer(self, place: str, path: str, payload: bytes) -> dict[str, object]:
        transport = HttpTransport(place, dict(self.headers), self.endpoint.query)
        try:
            return _answer(await transport.post(path, payload, WITHIN_S))
        finally:
            await transport.close()

    async def _is_sglang(self, root: str) -> bool:
        transport = HttpTransport(root, dict(self.headers), self.endpoint.query)
        try:
            return await kind_of(transport) == SGLANG
        except OSError:
            return False
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

"""Several servers as one: a call of one that died, or that lost its model, is an error that names it."""

import asyncio
from collections.abc import Callable

import pytest
from loopback import Answer, Asked, LoopServer, Rule, as_json, choices, error

from seewhy.endpoints.transport.balanced import BalancedTransport, lists
from seewhy.endpoints.transport.http import HttpTransport


def asked_of(rule: Rule, model: str | None = None, within_s: float = 10.0) -> str:
    """What is said of a call to two servers, the first of which follows the rule; calls after it go to the other."""

    async def whole(urls: tuple[str, str]) -> str:
        async def is_asked_again(transport: HttpTransport, within_s: float) -> bool:
            return await lists(model, transport, within_s)

        again: Callable | None = is_asked_again if model else None
        transport = BalancedTransport([(url, HttpTransport(url, {})) for url in urls], 0.02, 0.2, again)
        try:
            with pytest.raises(ConnectionError) as told:
                await transport.post("/chat/completions", b"{}", within_s)
            for _ in range(3):
                assert (await transport.post("/chat/completions", b"{}", within_s)).status == 200
        finally:
            await transport.close()
        return str(told.value).replace(urls[0], "URL")

    with LoopServer(rule) as first, LoopServer(lambda _: choices("well")) as second:
        said = asyncio.run(whole((first.url, second.url)))
        assert [sum(asked.method == "POST" for asked in one.asked) for one in (first, second)] == [1, 3]
        return said


def hangs(asked: Asked) -> Answer:
    """Takes a call and never ends it; its health is no better."""
    return Answer(wait_s=30.0) if asked.method == "POST" else error(500, "the engine is dead")


def test_calls_of_a_server_whose_health_fails_are_taken_from_it_long_before_their_deadline():
    assert asked_of(hangs) == "URL stopped answering, and its calls were taken from it"


def test_a_server_without_the_weights_that_it_was_given_is_left_for_the_other():
    def forgot(asked: Asked) -> Answer:
        return error(404, "The model `m` does not exist.") if asked.method == "POST" else as_json({"data": []})

    assert asked_of(forgot, "m") == "URL has no longer the weights that it was given"


def test_a_server_that_breaks_off_is_left_for_the_other():
    assert asked_of(lambda _: Answer(body=b"{}", cut_at=0))

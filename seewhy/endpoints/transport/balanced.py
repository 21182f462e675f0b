"""Several servers of one model as one `Transport`: the least loaded one is asked, and a dead one is left alone.

A call that fails is tried again by the client, which has one budget of tries whatever server failed. An answer that
comes after its call was given up has no connection to come by, so that no call is answered twice.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from seewhy.endpoints.served_models import listed_models
from seewhy.endpoints.transport.api import Heard, HttpResponse, Transport

LOG = logging.getLogger(__name__)
EVERY_S = 2.0
"""Seconds between two looks at servers that have work or are down."""
WITHIN_S = 10.0
"""Seconds in which a server must answer such a look."""
MISSED = 3
"""Looks in a row without an answer after which a server's calls are taken from it."""
HEALTH = "/../health"
"""Beside the paths of OpenAI's API, in vLLM, SGLang, `transformers serve` and llama.cpp."""
LIST = "/models"
GATEWAY = (502, 503, 504)
NOT_THERE = (404, 405)


class Asks(Transport, Protocol):
    """A transport that can be looked at, too."""

    async def get(self, path: str, deadline_s: float) -> HttpResponse:
        """The answer to a plain request; errors as in `post`."""
        ...


@dataclass(slots=True, eq=False)
class Server:
    """One of the servers, and how it fares."""

    url: str
    transport: Asks
    calls: int = 0
    is_down: bool = False
    failed_at: float = 0.0
    missed: int = 0
    under_way: set["asyncio.Task[HttpResponse]"] = field(default_factory=set["asyncio.Task[HttpResponse]"])

    def fall(self, why: str) -> None:
        """Take no more calls until the server is well."""
        if not self.is_down:
            LOG.warning("%s is left alone until it answers again: %s", self.url, why)
        self.is_down, self.failed_at = True, time.monotonic()


class BalancedTransport:
    """Made and used in one event loop."""

    def __init__(
        self, transports: Sequence[tuple[str, Asks]], every_s: float = EVERY_S, within_s: float = WITHIN_S,
        is_asked_again: Callable[[Asks, float], Awaitable[bool]] | None = None,
    ) -> None:  # fmt: skip
        """`is_asked_again` says of a server that failed and is well whether its weights are still those it was given;
        where it is there, one that does not know the model (404) has failed, too.
        """
        self.is_asked_again = is_asked_again
        self.servers = [Server(url, transport) for url, transport in transports]
        self.every_s, self.within_s = every_s, within_s
        self._watch: asyncio.Task[None] | None = None

    async def post(self, path: str, payload: bytes, deadline_s: float, heard: Heard | None = None) -> HttpResponse:
        """The answer of the least loaded server that is well; errors as of one transport."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._look_on())
        server = self._least_loaded()
        server.calls += 1
        task = asyncio.create_task(server.transport.post(path, payload, deadline_s, heard))
        server.under_way.add(task)
        try:
            # Not the task itself: whoever gives up this call ends it, and the watch ends it for another reason.
            await asyncio.wait({task})
            if task.cancelled():
                raise ConnectionError(f"{server.url} stopped answering, and its calls were taken from it")
            answer = task.result()
        except OSError as error:  # TimeoutError among them
            server.fall(str(error) or f"no whole answer in {deadline_s:g} s")
            raise
        finally:
            task.cancel()
            server.under_way.discard(task)
        if answer.status in GATEWAY:
            server.fall(f"it answered {answer.status}")
        if self.is_asked_again is not None and answer.status in NOT_THERE:
            server.fall("it has no longer the weights that it was given")
            raise ConnectionError(f"{server.url} has no longer the weights that it was given")
        return answer

    def _least_loaded(self) -> Server:
        """Of those that are well; where none is, the one that failed longest ago."""
        well = [server for server in self.servers if not server.is_down]
        if not well:
            return min(self.servers, key=lambda server: server.failed_at)
        return min(well, key=lambda server: (len(server.under_way), server.calls))

    async def _look_on(self) -> None:
        """Look at servers that have work or are down, for as long as the transport is open."""
        while True:
            await asyncio.sleep(self.every_s)
            await asyncio.gather(*[self._look(one) for one in self.servers if one.is_down or one.under_way])

    async def _look(self, server: Server) -> None:
        if await self._is_well(server):
            again = self.is_asked_again if server.is_down else None
            if again is not None and not await again(server.transport, self.within_s):
                return
            if server.is_down:
                LOG.warning("%s answers again", server.url)
            server.is_down, server.missed = False, 0
            return
        server.missed += 1
        if server.missed >= MISSED:
            server.fall(f"no answer to {MISSED} looks at its health")
            for task in server.under_way:
                task.cancel()

    async def _is_well(self, server: Server) -> bool:
        for path in (HEALTH, LIST):
            try:
                answer = await server.transport.get(path, self.within_s)
            except OSError:
                return False
            if answer.status not in NOT_THERE:
                return answer.status < 500
        return True

    async def close(self) -> None:
        """Let all connections go."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})
        for server in self.servers:
            await server.transport.close()


async def lists(model: str | None, transport: Asks, within_s: float) -> bool:
    """Whether a server lists a model; never for None. SGLang lists the adapter of `model:adapter` by its own name."""
    if model is None:
        return False
    try:
        answer = await transport.get(LIST, within_s)
    except OSError:
        return False
    return answer.status == 200 and bool({model, model.rpartition(":")[2]} & set(listed_models(answer.body).names))

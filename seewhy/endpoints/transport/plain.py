"""A wire to servers without TLS, such as one's own: connections that stay open, and as little work a call as can be.

The `openai` library takes more of a processor core for one call than the rest of the client together, most of it for
options that a chat completion does not have: at some hundred calls a second it is the limit, and not the server
(`docs/decisions/0002-libraries.md`, bench/concurrent_calls.py).
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from seewhy.endpoints.transport.api import HttpResponse
from seewhy.endpoints.transport.http_reading import AnswerReader

PORT = 80
READ_BYTES = 1 << 18
"""Read from a connection at once, at most; asyncio's own figure, which it would set aside anew for each piece."""


class Connection(asyncio.BufferedProtocol):
    """One connection, with at most one call on it."""

    def __init__(self, buffer: memoryview) -> None:
        self._buffer = buffer
        """One for all connections: what arrives is taken out before the loop reads again."""
        self.due = 0.0
        """By the loop's clock, when the call on it is given up."""
        self._transport: asyncio.Transport | None = None
        self._reader = AnswerReader()
        self._came: asyncio.Future[HttpResponse] | None = None

    @property
    def is_open(self) -> bool:
        """Whether something can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, head: bytes, payload: bytes) -> HttpResponse:
        """Send, and wait for the answer."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("the server ended the connection")
        self._reader = AnswerReader()
        self._came = asyncio.get_running_loop().create_future()
        self._transport.writelines((head, payload))
        try:
            return await self._came
        finally:
            if self._came.cancelled() or not self._reader.may_go_on:
                self.close()
            self._came = None

    def close(self) -> None:
        """End it, whatever is under way."""
        if self._transport is not None:
            self._transport.abort()

    def give_up(self) -> None:
        """End it, because no whole answer came in time."""
        if self._came is not None and not self._came.done():
            self._came.set_exception(TimeoutError())
        self.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Called by the loop."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Called by the loop."""
        if self._came is None or self._came.done():
            self.close()  # an answer nobody asked for: what follows could be taken for another's
            return
        try:
            reached = self._reader.feed(self._buffer[:nbytes])
        except ConnectionError as error:
            self._came.set_exception(error)
            self.close()
            return
        if reached is not None:
            self._came.set_result(reached)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        if self._came is None or self._came.done():
            return
        if exc is not None:
            self._came.set_exception(ConnectionError(str(exc)))
            return
        try:
            self._came.set_result(self._reader.end())
        except ConnectionError as error:
            self._came.set_exception(error)


class PlainWire:
    """Connections to one server over http; used from one event loop."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        place = urlsplit(base_url)
        self._host, self._port = place.hostname or "", place.port or PORT
        self._root = place.path.rstrip("/")
        told = {"Host": place.netloc.rpartition("@")[2], **headers, "Content-Type": "application/json"}
        if any(mark in f"{name}{value}" for name, value in told.items() for mark in "\r\n"):
            raise ValueError("a header holds the end of a line; look at the key and at what the environment adds")
        self._lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._idle: list[Connection] = []
        self._asking: set[Connection] = set()
        self._watch: asyncio.TimerHandle | None = None

    async def post(self, path: str, payload: bytes, deadline_s: float) -> HttpResponse:
        """The answer to JSON text, whatever its status; TimeoutError where it is not whole by the deadline."""
        head = f"POST {self._root}{path} HTTP/1.1\r\n{self._lines}Content-Length: {len(payload)}\r\n\r\n".encode()
        due = asyncio.get_running_loop().time() + deadline_s
        connection = self._take_idle()
        if connection is None:
            async with asyncio.timeout_at(due):
                connection = await self._connect()
        connection.due = due
        self._asking.add(connection)
        self._watch_until(due)
        try:
            return await connection.ask(head, payload)
        finally:
            self._asking.discard(connection)
            if connection.is_open:
                self._idle.append(connection)

    async def close(self) -> None:
        """Let all connections go."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        while self._idle:
            self._idle.pop().close()

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(lambda: Connection(self._buffer), self._host, self._port)
        except OSError as error:
            raise ConnectionRefusedError(f"{self._host}:{self._port}: {error.strerror or error}") from error
        return connection

    def _watch_until(self, due: float) -> None:
        # One timer for all calls: most end long before they are due, and a timer a call costs more than its sending.
        if self._watch is not None:
            if self._watch.when() <= due:
                return
            self._watch.cancel()
        self._watch = asyncio.get_running_loop().call_at(due, self._give_up_due)

    def _give_up_due(self) -> None:
        now = asyncio.get_running_loop().time()
        self._watch = None
        for connection in tuple(self._asking):
            if connection.due <= now:
                self._asking.discard(connection)
                connection.give_up()
        if self._asking:
            self._watch_until(min(connection.due for connection in self._asking))

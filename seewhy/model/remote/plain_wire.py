"""A wire to servers without TLS, such as one's own: connections that stay open, and as little work a call as can be.

The `openai` library takes 2 milliseconds of one processor core a call, most of them for options that a chat completion
does not have; beyond some 400 calls a second it is the limit, and not the server (bench/concurrent_calls.py).
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

from seewhy.model.remote.http_reading import AnswerReader
from seewhy.model.remote.wire import Reached

PORT = 80


class Connection(asyncio.Protocol):
    """One connection, with at most one call on it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._reader = AnswerReader()
        self._came: asyncio.Future[Reached] | None = None

    @property
    def is_open(self) -> bool:
        """Whether something can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, head: bytes, payload: bytes) -> Reached:
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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self._came is None or self._came.done():
            self.close()  # an answer nobody asked for: what follows could be taken for another's
            return
        try:
            reached = self._reader.feed(data)
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
        self._idle: list[Connection] = []

    async def post(self, path: str, payload: bytes, deadline_s: float) -> Reached:
        """The answer to JSON text, whatever its status; the caller keeps the deadline."""
        head = f"POST {self._root}{path} HTTP/1.1\r\n{self._lines}Content-Length: {len(payload)}\r\n\r\n".encode()
        connection = await self._connect()
        try:
            return await connection.ask(head, payload)
        finally:
            if connection.is_open:
                self._idle.append(connection)

    async def close(self) -> None:
        """Let all connections go."""
        while self._idle:
            self._idle.pop().close()

    async def _connect(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(Connection, self._host, self._port)
        except OSError as error:
            raise ConnectionRefusedError(f"{self._host}:{self._port}: {error.strerror or error}") from error
        return connection

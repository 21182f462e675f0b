"""How a body leaves the served oracle: whole, late, in drops, cut short, or with the connection reset under it."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn import Server
from uvicorn.protocols.http.h11_impl import H11Protocol

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST, and what is still to be sent is thrown away."""
DROPS = 20
"""Pieces of an answer that drips."""


@dataclass(slots=True)
class Lines:
    """The open connections of a server, by which a response finds its own."""

    server: Server | None = None

    def cut(self, scope: Scope, *, reset: bool) -> None:
        """Close the connection of a call at once; with `reset` the other side gets RST."""
        lines = self.server.server_state.connections if self.server else ()
        for line in lines:
            if isinstance(line, H11Protocol) and line.client and line.client == tuple(scope["client"]):
                transport = line.transport
                if reset:
                    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                transport.abort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a body is sent."""

    wait_s: float = 0.0
    """Before the first byte."""
    drip_s: float = 0.0
    """From the first byte to the last; 0 sends all at once."""
    share: float = 1.0
    """Of the body that is sent: less than all is JSON that ends in its middle, under a Content-Length that fits it."""
    reset: bool = False
    """Send half of the body under the whole one's Content-Length, then reset the connection."""
    hang: bool = False
    """Send nothing, and close the connection after `wait_s`."""


class Sending(Response):
    """A JSON body on its way to a client, who may hang up before it has arrived."""

    def __init__(
        self, payload: bytes, manner: Manner, lines: Lines, settle: Callable[[bool], None],
        kind: str = "application/json",
    ) -> None:  # fmt: skip
        """`settle` is called once with whether the body was sent whole; a call that hangs settles nothing."""
        super().__init__(payload[: int(len(payload) * manner.share)], media_type=kind)
        self.manner = manner
        self.lines = lines
        self.settle = settle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the body in its manner, and settle."""
        left = asyncio.create_task(_hear_end(receive))
        try:
            is_complete = await self._send(scope, send, left)
        finally:
            left.cancel()
            await asyncio.wait({left})
        if not self.manner.hang and not is_complete:
            self.settle(False)

    async def _send(self, scope: Scope, send: Send, left: "asyncio.Task[None]") -> bool:
        manner = self.manner
        if await _has_left(left, manner.wait_s):
            return False
        if manner.hang:
            self.lines.cut(scope, reset=False)
            return False
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = bytes(self.body)
        if manner.reset:
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await asyncio.sleep(0.01)  # let the half out before the reset throws away what is not sent
            self.lines.cut(scope, reset=True)
            await _has_left(left, 1.0)
            return False
        for piece in _drops(body, DROPS if manner.drip_s else 1):
            if await _has_left(left, manner.drip_s / DROPS):
                return False
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        is_complete = manner.share == 1.0
        if is_complete:
            # Before the end is sent: whoever reads the answer and then the bill finds it there.
            self.settle(True)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return is_complete


async def _hear_end(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _has_left(left: "asyncio.Task[None]", seconds: float) -> bool:
    if seconds > 0:
        await asyncio.wait({left}, timeout=seconds)
    return left.done()


def _drops(body: bytes, count: int) -> list[bytes]:
    size = max(1, -(-len(body) // count))
    return [body[start : start + size] for start in range(0, len(body), size)]

"""What the client needs of a connection: bytes go out to a path, a status and bytes come back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

Heard = Callable[[str], None]
"""Called with the text of a reply so far, each time that more of it has come; it may raise `StoppedError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """What a server sent back.

    Example:
        >>> HttpResponse(status=200, headers={}, body=b"{}").status
        200
    """

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@runtime_checkable
class Transport(Protocol):
    """A way to one server, with its address and its key."""

    async def post(self, path: str, payload: bytes, deadline_s: float, heard: Heard | None = None) -> HttpResponse:
        """The answer to JSON text, whatever its status; `heard` is called where it comes in pieces.

        Raises:
            TimeoutError: it did not come in time.
            ConnectionRefusedError: there was no connection: the server knows nothing of it.
            ConnectionError: the connection broke off.
            StoppedError: `heard` raised it; the connection is closed.
        """
        ...

    async def close(self) -> None:
        """Let all connections go."""
        ...

"""What the client needs of a connection: bytes go out to a path, a status and bytes come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


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

    async def post(self, path: str, payload: bytes, deadline_s: float) -> HttpResponse:
        """The answer to JSON text, whatever its status.

        Raises:
            TimeoutError: it did not come in time.
            ConnectionRefusedError: there was no connection: the server knows nothing of it.
            ConnectionError: the connection broke off.
        """
        ...

    async def close(self) -> None:
        """Let all connections go."""
        ...

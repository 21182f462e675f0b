"""Puts an HTTP/1.1 answer together from the pieces in which it arrives (RFC 9112)."""

from dataclasses import dataclass, field

from seewhy.endpoints.transport.api import HttpResponse

HEAD_END = b"\r\n\r\n"
MOST_HEAD = 65_536
MOST_BODY = 1 << 28
"""Bytes. No answer of text is near it; a server that never ends must not fill the memory."""


class AnswerError(ConnectionError):
    """What arrives is no HTTP/1.1 answer."""


@dataclass(slots=True)
class AnswerReader:
    """One answer; fed with pieces until it is whole."""

    held: bytearray = field(default_factory=bytearray)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    length: int = -1
    """Bytes of the body; below 0 where the head is not read, the body is chunked, or it ends with the connection."""
    is_chunked: bool = False
    body: bytearray = field(default_factory=bytearray)
    """Of chunks, what was read."""

    def feed(self, piece: bytes | memoryview) -> HttpResponse | None:
        """The answer, if this piece makes it whole.

        Raises:
            AnswerError: the bytes make no sense, or too many of them come.
        """
        self.held += piece
        if not self.status and not self._read_head():
            return None
        if self.is_chunked:
            return self._whole(bytes(self.body)) if self._read_chunks() else None
        if len(self.held) > MOST_BODY:
            raise AnswerError(f"an answer of more than {MOST_BODY:,} bytes")
        return self._whole(bytes(self.held[: self.length])) if 0 <= self.length <= len(self.held) else None

    def end(self) -> HttpResponse:
        """The answer of a connection that ended; ConnectionError where something is missing."""
        if not self.status:
            raise ConnectionError("the server ended the connection without an answer")
        if self.is_chunked or self.length >= 0:
            raise ConnectionError("the server ended the connection within its answer")
        return self._whole(bytes(self.held))

    @property
    def may_go_on(self) -> bool:
        """Whether the connection can carry another request after this answer."""
        has_end = self.is_chunked or self.length >= 0
        return has_end and "close" not in self.headers.get("connection", "").lower()

    def _whole(self, body: bytes) -> HttpResponse:
        return HttpResponse(status=self.status, headers=self.headers, body=body)

    def _read_head(self) -> bool:
        end = self.held.find(HEAD_END)
        if end < 0:
            if len(self.held) > MOST_HEAD:
                raise AnswerError("a head without an end")
            return False
        first, *lines = self.held[:end].decode("latin-1").split("\r\n")
        del self.held[: end + len(HEAD_END)]
        version, _, told = first.partition(" ")
        if not version.startswith("HTTP/1.") or not told[:3].isdigit():
            raise AnswerError(f"no HTTP/1.1 answer: {first[:80]!r}")
        status = int(told[:3])
        if 100 <= status < 200:  # says that the server goes on; the answer follows
            return self._read_head()
        self.status = status
        for line in lines:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.is_chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        length = self.headers.get("content-length", "")
        self.length = 0 if status in {204, 304} else int(length) if length.isdigit() and not self.is_chunked else -1
        return True

    def _read_chunks(self) -> bool:
        while (end := self.held.find(b"\r\n")) >= 0:
            told = bytes(self.held[:end]).partition(b";")[0].strip()
            try:
                size = int(told, 16)
            except ValueError as error:
                raise AnswerError(f"a chunk of {told[:20]!r} bytes") from error
            if size == 0:
                return self._skip_trailers(end)
            if len(self.held) < end + 2 + size + 2:
                return False
            self.body += self.held[end + 2 : end + 2 + size]
            del self.held[: end + 2 + size + 2]
            if len(self.body) > MOST_BODY:
                raise AnswerError(f"an answer of more than {MOST_BODY:,} bytes")
        return False

    def _skip_trailers(self, end: int) -> bool:
        rest = self.held[end:]
        return rest.startswith(HEAD_END) or HEAD_END in rest

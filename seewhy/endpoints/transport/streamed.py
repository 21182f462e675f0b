"""An answer that comes in pieces: server-sent events, as OpenAI's `stream` gives them, made into one whole answer."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from seewhy.endpoints.texts import plain_text, start_of
from seewhy.endpoints.transport.api import Heard

EVENTS = "text/event-stream"
"""The type of such an answer; a server that knows no pieces answers with JSON."""
DATA = b"data:"
DONE = b"[DONE]"
MAX_LINE = 1 << 20
"""Bytes of one piece."""
WHOLE = ("id", "model", "usage", "error")
"""Fields of a piece that are those of the whole answer; the last one told holds."""


@dataclass(slots=True)
class StreamedReply:
    """The reply so far. One choice is streamed: several would be told in turns.

    Example:
        >>> reply = StreamedReply(print)
        >>> reply.add(b'data: {"choices":[{"index":0,"delta":{"content":"4"}}]}')
        4
        >>> reply.add(b'data: {"choices":[{"index":0,"delta":{"content":"2"},"finish_reason":"stop"}]}')
        42
        >>> reply.whole()
        b'{"choices": [{"index": 0, "message": {"content": "42"}, "finish_reason": "stop"}]}'
    """

    heard: Heard
    """Called with the text so far, each time that it has grown."""
    answer: dict[str, object] = field(default_factory=dict[str, object])
    message: dict[str, object] = field(default_factory=dict[str, object])
    end: object = None
    has_begun: bool = False
    is_done: bool = False

    def add(self, line: bytes) -> None:
        """Take in a line; those that hold no data say nothing of the reply.

        Raises:
            ConnectionError: its data are no JSON object.
        """
        if not line.startswith(DATA):
            return
        data = line[len(DATA) :].strip()
        if data == DONE:
            self.is_done = True
            return
        try:
            piece = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ConnectionError(f"a piece of the answer is no JSON: {start_of(data)}") from error
        if not isinstance(piece, dict):
            raise ConnectionError(f"a piece of the answer is no JSON object: {start_of(data)}")
        self.answer |= {name: piece[name] for name in WHOLE if piece.get(name)}
        for choice in piece.get("choices") or ():
            self._add(choice)

    def _add(self, choice: object) -> None:
        if not isinstance(choice, dict) or not isinstance(choice.get("delta"), dict):
            return
        self.has_begun = True
        self.end = choice.get("finish_reason") or self.end
        before = self.message.get("content")
        for name, value in choice["delta"].items():
            known = self.message.get(name) or ""
            is_text = isinstance(value, str) and isinstance(known, str) and name != "role"
            self.message[name] = f"{known}{value}" if is_text else value or known
        text = self.message.get("content")
        if text and text != before:
            self.heard(plain_text(text))

    def whole(self) -> bytes:
        """The answer as if it had come at once.

        Raises:
            ConnectionError: the pieces ended before the reply did.
        """
        if not (self.is_done or self.end or "error" in self.answer):
            raise ConnectionError("the pieces of the answer ended before the reply did")
        choice = {"index": 0, "message": self.message, "finish_reason": self.end}
        return json.dumps(self.answer | {"choices": [choice] if self.has_begun else []}).encode()


async def read_streamed(pieces: AsyncIterator[bytes], heard: Heard) -> bytes:
    """The whole answer of which pieces come in; errors as of `StreamedReply`, and where a line has no end."""
    reply, left = StreamedReply(heard), b""
    async for piece in pieces:
        *lines, left = (left + piece).split(b"\n")
        for line in lines:
            reply.add(line)
        if len(left) > MAX_LINE:
            raise ConnectionError(f"a piece of the answer has more than {MAX_LINE:,} bytes")
    reply.add(left)
    return reply.whole()

"""A client for dry runs: records requests, answers only from the cache."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from seewhy.endpoints.chat import ChatResponse, Request


def recall_nothing(request: Request) -> ChatResponse | None:
    """Nothing is kept of any request."""
    return None


@dataclass(slots=True, kw_only=True)
class RecordingClient:
    """A `ChatModel` for dry runs: records every request and sends none.

    Example:
        >>> RecordingClient(name="m").chat([])
        []
    """

    name: str
    recall: Callable[[Request], ChatResponse | None] = recall_nothing
    """What is kept of a request: what a judge asks after that can be heard too."""
    recorded: list[Request] = field(default_factory=list[Request])

    def chat(self, requests: Sequence[Request]) -> list[ChatResponse]:
        """What is kept, or a failure, for each request."""
        self.recorded += requests
        nothing = ChatResponse(replies=(), model=self.name, failure="not sent")
        return [self.recall(request) or nothing for request in requests]

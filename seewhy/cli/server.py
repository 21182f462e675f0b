"""A model behind a server, as a command names one for its judge."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from seewhy.endpoints.chat import ChatModel
from seewhy.endpoints.plan import EndpointPlan, PacePlan, SpendPlan
from seewhy.runs.discovery import load_part

LEAST_AT_ONCE = 16
"""Calls in flight that are allowed however few questions are judged at once: one question may ask many."""


class Opens(Protocol):
    """The module that talks to servers."""

    Teacher: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWords:
    """Which model behind a server a judge talks to; none where `url` is empty."""

    url: str = ""
    """Where the server's paths begin, such as https://api.openai.com/v1."""
    model: str = ""
    """The model's name as the server knows it."""
    key_variable: str = ""
    """Environment variable that holds the key."""
    cache: Path | None = None
    """File that keeps what came back: a second run pays nothing for it."""
    dollars: float = 0.0
    """The most that may be spent; 0 sets no bound."""

    def require_whole(self, option: str) -> None:
        """ValueError where a model is named without a server, or a server without a model; `option` is before both."""
        if bool(self.url) != bool(self.model):
            names = [f"--{option}.url", f"--{option}.model"]
            missing, given = names if self.model else reversed(names)
            raise ValueError(f"{given} needs {missing}: a judge talks to a model behind a server")


@contextmanager
def talking(server: ServerWords, at_once: int) -> Generator[ChatModel]:
    """The model; its connections close with the context.

    Raises:
        ValueError: there is no such server, or the library that talks to servers is not installed.
    """
    endpoint = EndpointPlan(
        base_url=server.url, model=server.model, key_variable=server.key_variable,
        cache="" if server.cache is None else str(server.cache),
    )  # fmt: skip
    module = cast(Opens, load_part("endpoints", "client"))
    pace = PacePlan(concurrency=max(LEAST_AT_ONCE, at_once))
    with module.Teacher(endpoint, pace, SpendPlan(dollars=server.dollars)) as teacher:
        yield cast(ChatModel, teacher)

"""A model behind a server that a judge asks outside of any run."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol, cast

from seewhy.endpoints.chat import ChatModel
from seewhy.endpoints.plan import EndpointPlan, PacePlan, SpendPlan
from seewhy.runs.discovery import load_part

LEAST_AT_ONCE = 16
"""Calls in flight that are allowed however few questions are judged at once: one question may ask many."""


class Opens(Protocol):
    """The module that connects to servers."""

    Teacher: Any


@contextmanager
def talking(server: EndpointPlan, dollars: float, at_once: int) -> Generator[ChatModel]:
    """The model; its connections close with the context.

    Args:
        server: where it is.
        dollars: the most that may be spent; 0 sets no bound.
        at_once: questions that are judged at the same time.

    Raises:
        ValueError: there is no such server, or the library that connects to servers is not installed.
    """
    module = cast(Opens, load_part("endpoints", "client"))
    pace = PacePlan(concurrency=max(LEAST_AT_ONCE, at_once))
    with module.Teacher(server, pace, SpendPlan(dollars=dollars)) as teacher:
        yield cast(ChatModel, teacher)

"""Whom a judge can talk to without a server, by name."""

from collections.abc import Callable, Sequence

from seewhy.endpoints.chat import ChatModel
from seewhy.records.types import Question
from seewhy.runs.discovery import nearest
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_chat import OracleChatModel

TEACHERS: dict[str, Callable[[Sequence[Question], float, int], ChatModel]] = {
    "oracle": lambda questions, error_rate, seed: OracleChatModel(questions, Oracle(error_rate=error_rate, seed=seed)),
    "blind-oracle": lambda questions, error_rate, seed: OracleChatModel(
        questions, Oracle(error_rate=error_rate, seed=seed, blind=True)
    ),
}
"""Who stands in for a model; of the questions, how often it errs, and its seed."""


def find_oracle(name: str, questions: Sequence[Question], error_rate: float, seed: int) -> ChatModel:
    """The stand-in that a judge talks to.

    Raises:
        ValueError: the name is no stand-in, or one that does not know these questions.
    """
    if name not in TEACHERS:
        raise ValueError(f"`teacher` {name!r}{nearest(name, list(TEACHERS))}")
    if questions and questions[0].benchmark != "inkgrid":
        raise ValueError(f"`teacher` {name}: it knows the pages of inkgrid, and not the questions of "
                         f"{questions[0].benchmark}; name a model with `server.url` and `server.model`")  # fmt: skip
    return TEACHERS[name](questions, error_rate, seed)

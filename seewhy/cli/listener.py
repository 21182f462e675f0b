"""A model that hears what it would be asked and says nothing but what is kept already."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from seewhy.model.talk import Answered, Request


def recall_nothing(request: Request) -> Answered | None:
    """Nothing is kept of any request."""
    return None


@dataclass(slots=True, kw_only=True)
class Listener:
    """A `Talks` that hears every request and asks nobody: what a stage would ask.

    Example:
        >>> Listener(name="m").talk([])
        []
    """

    name: str
    recall: Callable[[Request], Answered | None] = recall_nothing
    """What is kept of a request: what a judge asks after that can be heard too."""
    heard: list[Request] = field(default_factory=list[Request])

    def talk(self, requests: Sequence[Request]) -> list[Answered]:
        """What is kept, or a failure, for each request."""
        self.heard += requests
        nothing = Answered(replies=(), model=self.name, failure="nobody was asked")
        return [self.recall(request) or nothing for request in requests]

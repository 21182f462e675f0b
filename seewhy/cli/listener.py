"""A model that hears what it would be asked and says nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from seewhy.model.talk import Answered, Request


@dataclass(slots=True, kw_only=True)
class Listener:
    """A `Talks` that hears every request and answers none: what a stage would ask.

    Example:
        >>> Listener(name="m").talk([])
        []
    """

    name: str
    heard: list[Request] = field(default_factory=list[Request])

    def talk(self, requests: Sequence[Request]) -> list[Answered]:
        """A failure for each request."""
        self.heard += requests
        return [Answered(replies=(), model=self.name, failure="nobody was asked") for _ in requests]

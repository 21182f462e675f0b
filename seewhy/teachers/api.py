"""What a teacher is to the stage that asks it."""

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from seewhy.records.types import Chain, Question


@runtime_checkable
class Teacher(Protocol):
    """Writes a rationale for each question."""

    def require(self, questions: Sequence[Question]) -> None:
        """Look at all questions before the first is asked.

        Raises:
            ValueError: it cannot teach some of them; the message names these.
        """
        ...

    def teach(self, questions: Sequence[Question]) -> Iterable[Chain]:
        """Chains in the order of the questions; a question that got no reply has none."""
        ...


@runtime_checkable
class LimitsTokens(Protocol):
    """A teacher whose rationales have a limit, by which they are priced before it is asked."""

    max_tokens: int
    """Tokens of a rationale, at most."""


@runtime_checkable
class AlwaysRight(Protocol):
    """A teacher each of whose rationales ends in the question's gold answer."""

    @property
    def is_gold(self) -> bool:
        """Whether it does so with these settings."""
        ...

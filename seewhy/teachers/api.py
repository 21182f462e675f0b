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

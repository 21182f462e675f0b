"""Questions of rows that follow in about the order of the questions, read once; others are found by their key."""

from collections import OrderedDict
from functools import cached_property

from seewhy.records.by_key import RowsByKey
from seewhy.records.rows import RowReader
from seewhy.records.types import Question

AHEAD = 2048
"""Questions that are read on for one that was not met yet."""
KEPT = 2 * AHEAD


class QuestionFinder:
    """Finds questions by their id; memory holds some thousand of them, and 8 bytes for each where order does not help.

    Args:
        rows: the questions.
    """

    def __init__(self, rows: RowReader[Question]) -> None:
        self._rows = rows
        self._left = iter(rows)
        self._near: OrderedDict[str, Question] = OrderedDict()

    def find(self, name: str) -> Question | None:
        """The question of this id; None where there is none."""
        if name not in self._near:
            self._read_on(name)
        return self._near.get(name) or self._by_key.get(name)

    def _read_on(self, name: str) -> None:
        for _ in range(AHEAD):
            question = next(self._left, None)
            if question is None:
                return
            self._near[question.id] = question
            if len(self._near) > KEPT:
                self._near.popitem(last=False)
            if question.id == name:
                return

    @cached_property
    def _by_key(self) -> RowsByKey[Question, Question]:
        return RowsByKey(self._rows, key=lambda one: one.id, value=lambda one: one)

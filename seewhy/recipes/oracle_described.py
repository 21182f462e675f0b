"""A teacher whose rationales say first all that is on the page, as long descriptions before the reasoning do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from seewhy.benchmarks.ink.page import Page
from seewhy.benchmarks.ink.sentences import read_line
from seewhy.records.ranges import require_seed, require_share
from seewhy.records.types import Chain, Question
from seewhy.teachers.oracle import OracleTeacher
from seewhy.testing.ground import page_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The oracle's rationales behind a reading of every row and column of the page."""

    error_rate: float = 0.0
    """Share of the chains that go wrong behind their description, which is right."""
    terse_rate: float = 0.0
    """Share of the chains that leave their steps out."""
    seed: int = 0
    """Seed of its errors."""

    def __post_init__(self) -> None:
        """Refuse rates that are no shares."""
        require_share(self, "error_rate", "terse_rate")
        require_seed(self)

    def require(self, questions: Sequence[Question]) -> None:
        """ValueError unless all questions are of inkgrid."""
        self._oracle().require(questions)

    def teach(self, questions: Sequence[Question]) -> Iterator[Chain]:
        """One chain a question."""
        for question, chain in zip(questions, self._oracle().teach(questions), strict=True):
            yield replace(chain, text=f"{description(page_of(question))} {chain.text}", sampler="described-oracle")

    def _oracle(self) -> OracleTeacher:
        return OracleTeacher(error_rate=self.error_rate, terse_rate=self.terse_rate, seed=self.seed)


def description(page: Page) -> str:
    """Every row and column, in the words of the oracle's own readings.

    Example:
        >>> description(Page.from_text("36/41", noise="none"))
        'Row 1 reads 3, 6. Row 2 reads 4, 1. Column 1 reads 3, 4. Column 2 reads 6, 1.'
    """
    lines = [(f"row {number}", row) for number, row in enumerate(page.digits, 1)]
    lines += [(f"column {number}", column) for number, column in enumerate(zip(*page.digits, strict=True), 1)]
    return " ".join(read_line(name, digits) for name, digits in lines)

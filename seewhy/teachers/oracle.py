"""The teacher called oracle: it knows inkgrid's pages, and errs and shortens as often as it is set to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.ranges import require_seed, require_share
from seewhy.records.types import Chain, Question, Style
from seewhy.testing.oracle import Oracle


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleTeacher:
    """Writes rationales about pages of inkgrid, at no cost.

    Example:
        >>> list(OracleTeacher().teach([]))
        []
    """

    error_rate: float = 0.0
    """Share of the chains that go wrong."""
    terse_rate: float = 0.0
    """Share of the chains that leave their steps out, and read and conclude alone."""
    blind: bool = False
    """It does not see the pages, and guesses their digits."""
    seed: int = 0
    """Seed of its errors."""

    def __post_init__(self) -> None:
        """Refuse rates that are no shares."""
        require_share(self, "error_rate", "terse_rate")
        require_seed(self)

    def require(self, questions: Sequence[Question]) -> None:
        """ValueError unless all questions are of inkgrid."""
        other = next((question for question in questions if question.benchmark != "inkgrid"), None)
        if other is not None:
            raise ValueError(f"teacher oracle knows the pages of inkgrid, and not the questions of {other.benchmark}; "
                             "choose gold, your own rationales, or endpoint, a model behind a server")  # fmt: skip

    def teach(self, questions: Sequence[Question]) -> Iterator[Chain]:
        """One chain a question."""
        oracle = Oracle(error_rate=self.error_rate, terse_rate=self.terse_rate, blind=self.blind, seed=self.seed)
        asks = [GenerateRequest(question=question, style=Style.REASON) for question in questions]
        for chains in oracle.generate(asks, SamplingParams(seed=self.seed)):
            yield from chains

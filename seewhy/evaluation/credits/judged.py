"""What a judge said of the sentence of a token: of `agreement` how many other chains say it, of `sentences` a score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seewhy.evaluation.crediting import CreditedChain, Measures, Values, share_a_character
from seewhy.records.ranges import require_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The lowest score of the spans that a token is in; `unknown` where it is in none."""

    unknown: float = 1.0
    """Credit of a token that no span holds, from 0 to 1."""

    asks_reference: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse what is no score."""
        require_share(self, "unknown")

    @property
    def words(self) -> str:
        return "the score that a judge gave its sentence"

    def credit(self, chains: Sequence[CreditedChain], model: Measures) -> Sequence[Values]:
        return [
            tuple(
                min((span.score for span in one.spans if share_a_character(token, (span.start, span.end))),
                    default=self.unknown)
                for token in one.tokens
            )
            for one in chains
        ]  # fmt: skip

"""Where a token is in its chain: a baseline that reads no word, for errors add up towards the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seewhy.evaluation.crediting import CreditedChain, Measures, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Minus the share of the chain's tokens that are before it: 0 at the first."""

    asks_reference: ClassVar[bool] = False

    @property
    def words(self) -> str:
        return "minus the share of the chain that is before it"

    def credit(self, chains: Sequence[CreditedChain], model: Measures) -> Sequence[Values]:
        return [tuple(-at / len(one.tokens) for at in range(len(one.tokens))) for one in chains]

"""How likely the reference finds a token: a baseline that nothing trained (SelfCheckGPT, arXiv 2303.08896)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seewhy.evaluation.crediting import CreditedChain, Measures, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """log ref, whose negative is the first of the measures there that need probabilities."""

    asks_reference: ClassVar[bool] = False

    @property
    def words(self) -> str:
        return "its log-probability under the reference"

    def credit(self, chains: Sequence[CreditedChain], model: Measures) -> Sequence[Values]:
        return [tuple(one.scored.reference) for one in chains]

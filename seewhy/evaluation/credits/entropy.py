"""How sure the reference was where a token was drawn: a baseline (SelfCheckGPT, arXiv 2303.08896)."""

from collections.abc import Sequence
from dataclasses import dataclass

from seewhy.evaluation.crediting import CreditedChain, Measures, Values, response_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Entropy:
    """Minus the entropy of the distribution over the vocabulary, whichever token was drawn."""

    @property
    def words(self) -> str:
        return "minus the entropy, under the reference, of the distribution that it was drawn from"

    def credit(self, chains: Sequence[CreditedChain], model: Measures) -> Sequence[Values]:
        found = model.entropies([response_of(one.chain) for one in chains])
        return [tuple(-value for value in row) for row in found]

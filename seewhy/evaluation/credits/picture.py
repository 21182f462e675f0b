"""What the picture adds to a token: its log-probability with the picture less that without, under the reference."""

from collections.abc import Sequence
from dataclasses import dataclass

from seewhy.evaluation.crediting import CreditedChain, Measures, Values, response_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """log ref(token | picture, question) - log ref(token | question)."""

    @property
    def words(self) -> str:
        return "its log-probability under the reference less that with the picture withheld"

    def credit(self, chains: Sequence[CreditedChain], model: Measures) -> Sequence[Values]:
        unseen = model.logps([response_of(one.chain) for one in chains], blind=True)
        return [
            tuple(sighted - blind for sighted, blind in zip(one.scored.reference, row, strict=True))
            for one, row in zip(chains, unseen, strict=True)
        ]

"""How much more the trained model likes a token than the reference (LLaVA-Reasoner, arXiv 2410.16198, section 5.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seewhy.evaluation.crediting import CreditedChain, Measures, Values
from seewhy.evaluation.rewards import centred, log_ratios


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRatio:
    """log pi - log ref, less its mean over the chain."""

    asks_reference: ClassVar[bool] = False

    @property
    def words(self) -> str:
        return "its log-probability under the trained model less that under the reference, less the mean over the chain"

    def credit(self, chains: Sequence[CreditedChain], model: Measures) -> Sequence[Values]:
        """Needs no model but the two that scored the chains."""
        return [centred(log_ratios(one.scored)) for one in chains]

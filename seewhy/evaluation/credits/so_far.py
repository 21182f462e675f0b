"""How likely the reference finds the least likely sentence so far: what follows from an error is wrong as well.

First errors are unlikely sentences; what is concluded from them is said with confidence (`docs/evidence.md`, claim 5).
It needs one chain, no training and no gold answer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from seewhy.evaluation.crediting import CreditedChain, Measures, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """min over the sentences up to a token's own of log ref(sentence | what is before it), in nats.

    Tokens before the first sentence get 0, those between and after sentences what the sentence before them gets.
    """

    asks_reference: ClassVar[bool] = False

    @property
    def words(self) -> str:
        return "the log-probability, under the reference, of the least likely sentence up to its own"

    def credit(self, chains: Sequence[CreditedChain], model: Measures) -> Sequence[Values]:
        return [_so_far(one) for one in chains]


def _so_far(one: CreditedChain) -> Values:
    first, least = dict[int, float](), 0.0
    for place in one.sentences:
        inside = one.of_sentence(place)
        if inside:
            least = min(least, math.fsum(one.scored.reference[at] for at in inside))
            first.setdefault(inside[0], least)
    values, now = list[float](), 0.0
    for at in range(len(one.tokens)):
        now = first.get(at, now)
        values.append(now)
    return tuple(values)

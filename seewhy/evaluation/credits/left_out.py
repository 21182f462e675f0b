"""What a sentence adds to the chain's own answer: leave it out, and see how likely the answer still is.

Interventions on chains of thought: Lanham et al., arXiv 2307.13702. No gold answer is read, for the answer is the
chain's own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seewhy.evaluation.crediting import CreditedChain, Measures, Place, Values
from seewhy.records.types import Response


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """log ref(last sentence | chain) - log ref(last sentence | chain without the token's sentence).

    The last sentence is the answer line where there is one, to the end of the turn. Its own tokens get what all
    sentences before it add together; so do those of no sentence.
    """

    @property
    def words(self) -> str:
        return "what its sentence adds to the log-probability of the chain's own answer, under the reference"

    def credit(self, chains: Sequence[CreditedChain], model: Measures) -> Sequence[Values]:
        """One request for all that is left of each chain; what is equal is scored once."""
        left = {
            (number, place): _without(one, gone)
            for number, one in enumerate(chains) for place, gone in enumerate(_left_out(one))
        }  # fmt: skip
        distinct = list(dict.fromkeys(left.values()))
        scored = dict(zip(distinct, model.logps(distinct) if distinct else (), strict=True))
        return [
            _spread(one, [scored[left[number, place]] for place in range(len(_left_out(one)))])
            for number, one in enumerate(chains)
        ]


def _left_out(one: CreditedChain) -> list[Sequence[Place]]:
    """Each sentence but the last alone, then all of these together; nothing where there is one sentence."""
    before = list(one.sentences[:-1])
    return [*([place] for place in before), before] if before else []


def _without(one: CreditedChain, gone: Sequence[Place]) -> Response:
    """The response without the tokens that are in these sentences."""
    dropped = {at for place in gone for at in one.of_sentence(place)} - set(_last_tokens(one))
    kept = [at for at in range(len(one.tokens)) if at not in dropped]
    if one.chain.token_ids is None:
        raise ValueError(f"chain {one.chain.question_id} {one.chain.index} has no token ids: draw it here, or score "
                         "it by another kind of credit")  # fmt: skip
    text = "".join(_piece(one, at) for at in kept).strip()
    return Response(text=text, token_ids=tuple(one.chain.token_ids[at] for at in kept))


def _piece(one: CreditedChain, at: int) -> str:
    start, end = one.tokens[at]
    return one.chain.text[start:end]


def _spread(one: CreditedChain, left: Sequence[Values]) -> Values:
    """The credit of each token, from the log-probabilities of what is left."""
    count = len(_last_tokens(one))
    own = math.fsum(one.scored.reference[at] for at in _last_tokens(one))
    added = [own - math.fsum(row[len(row) - count :]) for row in left]
    whole = added[-1] if added else 0.0
    values = [whole] * len(one.tokens)
    for place, value in zip(one.sentences, added[:-1], strict=False):
        for at in one.of_sentence(place):
            values[at] = value
    return tuple(values)


def _last_tokens(one: CreditedChain) -> range:
    """From the first token of the last sentence to the end of the turn."""
    inside = one.of_sentence(one.sentences[-1]) if one.sentences else []
    return range(inside[0] if inside else len(one.tokens), len(one.tokens))

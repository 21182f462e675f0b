"""Whether servers have the weights that they are asked for: chains of theirs, scored by the weights here.

Log-probabilities of a chain under other weights differ, for a prompt of text or for one with pictures, if only the
vision tower is another. Both are measured.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from seewhy.model.api import GenerateRequest, Generates, SamplingParams, ScoreRequest, Scores
from seewhy.records.types import Chain, Question, Response, Style
from seewhy.records.unknown_logprobs import known_gaps

TOKENS = 32
"""Of each chain that is scored."""
CHAINS = 2
TEXT, PICTURES = "text", "pictures"


def measured_gaps(servers: Generates, weights: Scores, question: Question, style: Style) -> dict[str, float]:
    """Mean difference of log-probabilities a token, of the prompt with the question's pictures and of that without.

    A prompt whose chains have no log-probabilities is left out.
    """
    asks = [GenerateRequest(question=question, style=style, count=CHAINS, blind=True)]
    if question.images:
        asks.append(GenerateRequest(question=question, style=style, count=CHAINS))
    drawn = servers.generate(asks, SamplingParams(max_tokens=TOKENS))
    found: dict[str, float] = {}
    for ask, chains in zip(asks, drawn, strict=True):
        known = [chain for chain in chains if chain.logprobs is not None and chain.token_ids is not None]
        if known:
            found[TEXT if ask.blind else PICTURES] = _gap(ask, known, weights)
    return {name: gap for name, gap in found.items() if not math.isnan(gap)}


def _gap(ask: GenerateRequest, chains: Sequence[Chain], weights: Scores) -> float:
    """Over the tokens whose log-probability the servers gave; NaN where there are none."""
    # Of equal chains one is scored: responses of a group are distinct.
    distinct = {chain.token_ids: chain for chain in chains}
    responses = tuple(Response(text=chain.text, token_ids=ids) for ids, chain in distinct.items())
    [scored] = weights.score(
        [ScoreRequest(question=ask.question, style=ask.style, responses=responses, blind=ask.blind)]
    )
    gaps = [
        gap
        for chain, row in zip(distinct.values(), scored, strict=True)
        for gap in known_gaps(chain.logprobs or (), row)
    ]
    return fmean(gaps) if gaps else math.nan


def require_same_weights(name: str, gaps: Mapping[str, float], bound: float) -> None:
    """ValueError where a gap is above the bound, with both."""
    wrong = [f"{gap:.3g} for a prompt of {kind}" for kind, gap in gaps.items() if gap > bound]
    if wrong:
        raise ValueError(
            f"the servers of {name} have other weights than {name} has here, or wrong ones: log-probabilities of their "
            f"chains differ by {' and by '.join(wrong)} a token, and engine.max_gap is {bound:g}. Start them anew on "
            "its folder; a larger max_gap allows for another precision, 0 does not look"
        )

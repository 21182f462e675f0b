"""Chains of one prompt as a ranked group, and pairs drawn among its responses by their scores."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from itertools import permutations
from math import inf

from seewhy.pairs.judged import Judged, distinct_texts
from seewhy.records.ranges import require_least, require_seed
from seewhy.records.ranked import PairPick, RankedGroup, RankedResponse
from seewhy.records.types import FinishReason, Outcome, Response

ROUNDING = 1e-9
"""Means of votes a margin apart may differ from it by the rounding of floats."""
OUTCOME_SCORES = {Outcome.CORRECT: 1.0, Outcome.INCORRECT: 0.0}
"""Scores of judges that say right or wrong and give none; NO_ANSWER and UNJUDGED have none."""


class PickOrder(StrEnum):
    """Which pairs are drawn where a group has more than are wanted."""

    WIDEST = "widest"
    """Those whose scores differ most."""
    CLOSEST = "closest"
    """Those whose scores differ least: the hardest."""
    RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picking:
    """How pairs are drawn from a ranked group.

    What is drawn follows from the responses and the seed, not from the order of the responses. Responses of equal
    score, of equal text, or scored by different judges are never a pair.
    """

    margin: float = 0.0
    """Least difference of the two scores, in the judge's own unit; 0 takes any difference."""
    most: int = 12
    """Pairs of a group, at most."""
    order: PickOrder = PickOrder.WIDEST
    """Which are drawn where there are more."""
    seed: int = 0
    """Seed of a random order, and of the order of pairs whose scores differ alike."""

    def __post_init__(self) -> None:
        """Refuse a margin below 0 and a number of pairs below 1."""
        require_least(self, 0, "margin")
        require_least(self, 1, "most")
        require_seed(self)

    def draw(self, group: RankedGroup) -> RankedGroup:
        """The group with its picks drawn anew; each has weight 1."""
        rows = group.responses
        pairs = [
            (high, low)
            for high, low in permutations(range(len(rows)), 2)
            if rows[high].score > rows[low].score
            and rows[high].score - rows[low].score >= self.margin - ROUNDING
            and rows[high].scorer == rows[low].scorer
            and rows[high].response.text != rows[low].response.text
        ]
        sign = {PickOrder.WIDEST: -1.0, PickOrder.CLOSEST: 1.0, PickOrder.RANDOM: 0.0}[self.order]

        def rank(pair: tuple[int, int]) -> tuple[float, str]:
            high, low = rows[pair[0]], rows[pair[1]]
            names = (str(self.seed), group.question_id, high.response.text, low.response.text)
            return sign * (high.score - low.score), sha256("\x1f".join(names).encode()).hexdigest()

        drawn = sorted(pairs, key=rank)[: self.most]
        return replace(group, picks=tuple(PairPick(chosen=high, rejected=low) for high, low in drawn))


def score_of(one: Judged) -> float | None:
    """A judge's score of a chain, or 1 for a right and 0 for a wrong one; None where it cannot be ranked."""
    if one.outcome is Outcome.UNJUDGED or one.stop is FinishReason.LENGTH:
        return None
    return OUTCOME_SCORES.get(one.outcome) if one.score is None else one.score


def rank(prompt: Sequence[Judged], token_ids: Sequence[tuple[int, ...] | None]) -> RankedGroup:
    """The chains of one prompt that have a score, each text once, in the order of their indices, without picks.

    Args:
        prompt: at least one chain of a question in one style, with what a judge says of each.
        token_ids: of each chain, as sampled.
    """
    ids = dict(zip(map(id, prompt), token_ids, strict=True))
    ranked = sorted(distinct_texts(one for one in prompt if score_of(one) is not None), key=lambda one: one.index)
    responses = [
        RankedResponse(
            response=Response(text=one.text, token_ids=ids[id(one)]), score=score, scorer=one.judge, index=one.index
        )
        for one, score in ((one, score_of(one)) for one in ranked)
        if score is not None and -inf < score < inf
    ]
    first = prompt[0]
    return RankedGroup(question_id=first.question_id, style=first.style, responses=tuple(responses), source=first.judge)

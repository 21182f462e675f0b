"""Responses to one question with a score each, and the pairs that are drawn from them by index."""

from dataclasses import dataclass, field

from seewhy.records.marks import FINITE, RARE
from seewhy.records.types import Pair, Response, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedResponse:
    """A response with its score.

    Example:
        >>> RankedResponse(response=Response(text="12"), score=4.5, scorer="rubric by gpt-4o").score
        4.5
    """

    response: Response
    score: float = field(metadata=FINITE)
    """Higher is better, in the scorer's own unit: scores of two scorers are not compared."""
    scorer: str
    """Who gave the score: the name of a judge, a person or a data set."""
    index: int | None = None
    """Index of the chain that it was, where it was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPick:
    """Two responses of a group by their index in it, the first preferred.

    Example:
        >>> PairPick(chosen=2, rejected=0).weight
        1.0
    """

    chosen: int
    rejected: int
    weight: float = field(default=1.0, metadata=FINITE)
    """Factor of the pair's loss, above 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedGroup:
    """All responses to one prompt that were scored, and the pairs among them that are trained on.

    Example:
        >>> scored = [RankedResponse(response=Response(text=text), score=score, scorer="rubric")
        ...           for text, score in (("12", 1.0), ("11", 0.0))]
        >>> RankedGroup(question_id="q", style=Style.REASON, responses=tuple(scored), source="rubric",
        ...             picks=(PairPick(chosen=0, rejected=1),)).picks[0].rejected
        1
    """

    question_id: str
    style: Style
    responses: tuple[RankedResponse, ...]
    source: str
    picks: tuple[PairPick, ...] = ()
    """Pairs that were drawn; empty where none were drawn yet, and such a group is not trained on."""
    stream: str = field(default="", metadata=RARE)
    """Part of a mixture that has a weight and figures of its own; empty takes the name of the rows that hold it."""


def require_ranks(group: RankedGroup) -> None:
    """Raises ValueError where a pick names no response, prefers the lower or an equal score, or compares two scorers.

    The message names question, pick and remedy.
    """
    responses = group.responses
    for number, pick in enumerate(group.picks):
        place = f"question {group.question_id}, pick {number}"
        for side in (pick.chosen, pick.rejected):
            if not 0 <= side < len(responses):
                raise ValueError(
                    f"{place}: there is no response {side} of {len(responses)}, numbered from 0; leave the pick out"
                )
        chosen, rejected = responses[pick.chosen], responses[pick.rejected]
        if chosen.scorer != rejected.scorer:
            raise ValueError(
                f"{place}: {chosen.scorer!r} scored the chosen response and {rejected.scorer!r} the rejected one, "
                "whose units differ; draw pairs among the responses of one scorer"
            )
        if not chosen.score > rejected.score:
            raise ValueError(
                f"{place}: the chosen response has score {chosen.score}, the rejected one {rejected.score}, "
                "which must be lower; swap the two, or leave the pick out"
            )
        if not pick.weight > 0:
            raise ValueError(f"{place}: weight {pick.weight} is not above 0; leave the pick out")


def pair_of(group: RankedGroup, pick: PairPick) -> Pair:
    """The pair that a pick names."""
    chosen, rejected = group.responses[pick.chosen], group.responses[pick.rejected]
    return Pair(
        question_id=group.question_id, style=group.style, chosen=chosen.response, rejected=rejected.response,
        source=group.source, margin=chosen.score - rejected.score, stream=group.stream, weight=pick.weight,
    )  # fmt: skip

"""Verdicts as rewards: one that nobody could reach is none."""

from collections.abc import Callable

from seewhy.judging.api import Judge
from seewhy.records.types import Chain, Outcome, Question, Verdict
from seewhy.rewards.api import Earned


def earn_by_verdict(
    judge: Judge, question: Question, chains: tuple[Chain, ...], told: Callable[[Chain, Verdict], Earned]
) -> tuple[Earned, ...]:
    """What `told` makes of each verdict; nothing where the chain is UNJUDGED, with the judge's reason."""
    verdicts = judge.judge(question, chains)
    return tuple(
        Earned(value=None, why=verdict.why or "unjudged") if verdict.outcome is Outcome.UNJUDGED
        else told(chain, verdict)
        for chain, verdict in zip(chains, verdicts, strict=True)
    )  # fmt: skip


def score_of(chain: Chain, verdict: Verdict) -> Earned:
    """The verdict's own score."""
    return Earned(value=verdict.score, why="" if verdict.score is not None else "the verdict has no score")

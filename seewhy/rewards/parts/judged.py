"""Verdicts as rewards: an undecided one gives no reward."""

from collections.abc import Callable

from seewhy.judging.api import Judge
from seewhy.records.types import Chain, Outcome, Question, Verdict
from seewhy.rewards.api import Earned


def earn_by_verdict(
    judge: Judge, question: Question, chains: tuple[Chain, ...], earned_by: Callable[[Chain, Verdict], Earned]
) -> tuple[Earned, ...]:
    """What `earned_by` makes of each verdict; nothing where the chain is UNJUDGED, with the judge's reason."""
    verdicts = judge.judge(question, chains)
    return tuple(
        Earned(value=None, why=verdict.why or "unjudged") if verdict.outcome is Outcome.UNJUDGED
        else earned_by(chain, verdict)
        for chain, verdict in zip(chains, verdicts, strict=True)
    )  # fmt: skip


def score_of(chain: Chain, verdict: Verdict) -> Earned:
    """The verdict's own score."""
    return Earned(value=verdict.score, why="" if verdict.score is not None else "the verdict has no score")

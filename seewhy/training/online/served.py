"""Rollouts that servers draw: what a training asks of them, and what their rows must hold to be trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol, runtime_checkable

from torch import Tensor

from seewhy.model.api import Generates
from seewhy.records.types import Chain, Question
from seewhy.records.unknown_logprobs import known_gaps
from seewhy.sampling.weights_check import PICTURES, TEXT

FEW = 32
"""Tokens of a question below which its own mean is not looked at."""


@runtime_checkable
class ServesRollouts(Protocol):
    """Servers that draw, and are given the weights that are trained."""

    @property
    def max_gap(self) -> float:
        """Bound on the mean difference of log-probabilities a token; 0 is none."""
        ...

    def sampler(self, number: int) -> Generates:
        """Who draws round `number`: refreshed first, where the plan says so or nothing was given yet.

        A collective operation.

        Raises:
            ValueError: a server has other weights than it was given, or refuses them.
            ConnectionError: no server can be reached.
        """
        ...

    def forget(self) -> None:
        """Let go of replies that are kept, and give the weights anew before the next request."""
        ...

    def figures(self) -> dict[str, float]:
        """Of the refresh before this round, for the log; empty where there was none since they were asked last."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """How far the sampler's log-probabilities are from the trainer's, in nats a token."""

    mean: Mapping[str, float]
    """Over the tokens of all rollouts, of prompts of `text` and with `pictures`."""
    worst: Mapping[str, float]
    """Of each question with `FEW` tokens or more, by its id."""


NO_GAPS = Gaps(mean={}, worst={})


def gaps_of(chains: Sequence[Chain], scored: Sequence[Tensor], questions: Mapping[str, Question]) -> Gaps:
    """Of rollouts with log-probabilities; NaN ones are left out.

    Args:
        chains: the rollouts.
        scored: [tokens] of each, by the trainer.
        questions: by id.
    """
    by_kind: dict[str, list[float]] = {}
    by_question: dict[str, list[float]] = {}
    for chain, row in zip(chains, scored, strict=True):
        found = [] if chain.logprobs is None else known_gaps(chain.logprobs, row.tolist())
        kind = PICTURES if questions[chain.question_id].images else TEXT
        by_kind.setdefault(kind, []).extend(found)
        by_question.setdefault(chain.question_id, []).extend(found)
    return Gaps(
        mean={kind: fmean(found) for kind, found in by_kind.items() if found},
        worst={name: fmean(found) for name, found in by_question.items() if len(found) >= FEW},
    )


def gap_fault(gaps: Gaps, bound: float) -> str:
    """What is wrong with rollouts that were drawn by other weights than the trainer's; empty where nothing is."""
    wrong = [f"for prompts of {kind} by {gap:.2g}" for kind, gap in gaps.mean.items() if gap > bound]
    wrong += [f"for question {name} by {gap:.2g}" for name, gap in gaps.worst.items() if gap > bound][: 3 - len(wrong)]
    if not bound or not wrong:
        return ""
    return (
        f"log-probabilities of the servers' rollouts differ from the trainer's, {', '.join(wrong)} nats a token, and "
        f"engine.max_gap is {bound:g}, though not so right after the refresh: a server was started anew meanwhile, or "
        "its precision is low. The rollouts are set aside as .refused, and the same command draws the round anew; "
        "raise max_gap where precision is the reason"
    )


def require_tokens(chains: Sequence[Chain]) -> None:
    """ValueError where no rollout has the tokens that were drawn."""
    if chains and all(chain.is_respelt or not chain.token_ids for chain in chains):
        raise ValueError(
            "the servers hide the tokens of all rollouts, and an objective with ratios trains on tokens as drawn: take "
            "vLLM from 0.10.2 on, or SGLang; objectives of pairs, such as dpo, train on text"
        )

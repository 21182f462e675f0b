"""How much more a trained model likes a chain than its reference did: the reward of a verifier for free."""

import math
from collections.abc import Sequence
from enum import StrEnum

from seewhy.records.types import ScoredChain


class Pooling(StrEnum):
    """How the log-ratios of a chain's tokens become one number; LLaVA-Reasoner, section 5.2, is silent on length."""

    SUM = "sum"
    MEAN = "mean"


def chain_reward(chain: ScoredChain, *, pooling: Pooling = Pooling.SUM, beta: float = 0.1) -> float:
    """The reward beta * log(pi(y|x) / ref(y|x)), in nats times beta (LLaVA-Reasoner, arXiv 2410.16198, section 5.2).

    `beta` does not change a ranking; in a weighted vote it is one over the unit of the temperature.

    Raises:
        ValueError: the chain has no tokens, or is not scored finitely and token by token on both sides.
    """
    ratios = log_ratios(chain)
    match pooling:
        case Pooling.SUM:
            return beta * math.fsum(ratios)
        case Pooling.MEAN:
            return beta * math.fsum(ratios) / len(ratios)


def log_ratios(chain: ScoredChain) -> tuple[float, ...]:
    """The log-ratio, log pi - log ref, of each token of the chain.

    Raises:
        ValueError: the chain has no tokens, or is not scored finitely and token by token on both sides.
    """
    name = f"chain {chain.question_id} {chain.style} {chain.index}"
    if len(chain.policy) != len(chain.reference) or not chain.policy:
        raise ValueError(
            f"{name}: {len(chain.policy)} policy and {len(chain.reference)} reference log-probs; "
            "score the same tokens, at least one, with both models"
        )
    ratios = tuple(policy - reference for policy, reference in zip(chain.policy, chain.reference, strict=True))
    if not all(map(math.isfinite, ratios)):
        raise ValueError(f"{name}: a log-prob is not finite; score the chain again")
    return ratios


def centred(ratios: Sequence[float]) -> tuple[float, ...]:
    """Each log-ratio less their mean over the chain: credit of tokens (LLaVA-Reasoner, section 5.4).

    Example:
        >>> centred((1.0, -1.0, 0.5, 0.5))
        (0.75, -1.25, 0.25, 0.25)
    """
    mean = math.fsum(ratios) / len(ratios)
    return tuple(ratio - mean for ratio in ratios)

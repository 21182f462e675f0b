"""The parts that objectives are summed from, each one line of a paper."""

from dataclasses import dataclass
from math import inf

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import logsigmoid

from seewhy.objectives.api import PairView


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRatios:
    """log pi - log ref of both responses of each pair, in nats."""

    chosen: Float[Tensor, "pairs"]
    rejected: Float[Tensor, "pairs"]


def sum_tokens(logps: Float[Tensor, "rows time"], mask: Bool[Tensor, "rows time"]) -> Float[Tensor, "rows"]:
    """The sum over the tokens of each row; what stands under a False mask has no say and gets no gradient."""
    return torch.where(mask, logps, 0.0).sum(dim=-1)


def count_tokens(mask: Bool[Tensor, "rows time"]) -> Float[Tensor, "rows"]:
    """Tokens of each row, at least 1, so that the mean of an empty row is 0 and not NaN."""
    return mask.sum(dim=-1).clamp(min=1).float()


def log_ratios(view: PairView) -> LogRatios:
    """lr(y), the sum over the response's tokens of log pi - log ref; raises `ValueError` without a reference."""
    if view.reference_chosen is None or view.reference_rejected is None:
        raise ValueError("the view of the pairs has no reference, which this objective's loss is measured from")
    # Subtracting a token at a time keeps float32 exact where sums near 500 would eat the small differences.
    return LogRatios(
        chosen=sum_tokens(view.policy_chosen - view.reference_chosen, view.chosen_mask),
        rejected=sum_tokens(view.policy_rejected - view.reference_rejected, view.rejected_mask),
    )


def varied_ratio(view: PairView) -> Float[Tensor, "pairs"]:
    """lr(y_w) with the varied pictures, in nats; raises `ValueError` where the view has none."""
    if view.policy_varied is None or view.reference_varied is None:
        raise ValueError("the view of the pairs has no varied pictures, which this objective's loss compares with")
    return sum_tokens(view.policy_varied - view.reference_varied, view.chosen_mask)


def mean_nll(logps: Float[Tensor, "rows time"], mask: Bool[Tensor, "rows time"]) -> Float[Tensor, "rows"]:
    """-log pi(y) / |y| of each row, in nats a token."""
    return -sum_tokens(logps, mask) / count_tokens(mask)


def preference(ratios: LogRatios, beta: float) -> Float[Tensor, "pairs"]:
    """DPO, arXiv 2305.18290 eq. 7: -log s(beta (lr_w - lr_l))."""
    return -logsigmoid(beta * (ratios.chosen - ratios.rejected))


def quality(ratios: LogRatios, beta: float, delta: float) -> Float[Tensor, "pairs"]:
    """BCO, arXiv 2404.04656, as in arXiv 2411.10442 section 4: -log s(beta lr_w - delta) - log s(-(beta lr_l - delta)).

    `delta` is in the unit of rewards, nats times beta.
    """
    return -logsigmoid(beta * ratios.chosen - delta) - logsigmoid(delta - beta * ratios.rejected)


def same_for_each(view: PairView, value: float) -> Float[Tensor, "pairs"]:
    """[pairs] `value`, in the precision and on the device of the policy's log-probabilities."""
    return view.policy_chosen.new_full((len(view.policy_chosen),), value)


def reward_terms(ratios: LogRatios, beta: float) -> dict[str, Float[Tensor, "pairs"]]:
    """The implicit rewards beta lr of both sides and their margin, detached."""
    chosen, rejected = (beta * ratios.chosen).detach(), (beta * ratios.rejected).detach()
    return {"reward_chosen": chosen, "reward_rejected": rejected, "margin": chosen - rejected}


def require_positive(field: str, value: float) -> None:
    """Raise `ValueError` unless `value` is a finite number above 0."""
    if not 0.0 < value < inf:
        raise ValueError(f"{field} must be a finite number above 0, not {value}; the papers take 0.1 for beta")


def require_weight(field: str, value: float) -> None:
    """Raise `ValueError` unless `value` is a finite number of at least 0."""
    if not 0.0 <= value < inf:
        raise ValueError(f"{field} is a weight: a finite number of at least 0, not {value}; 0 switches its term off")


def require_smoothing(field: str, value: float) -> None:
    """Raise `ValueError` unless `value`, the share of labels taken to be wrong, lies in [0, 0.5)."""
    if not 0.0 <= value < 0.5:
        raise ValueError(f"{field} must be at least 0 and below 0.5, not {value}; from 0.5 on the labels say nothing")

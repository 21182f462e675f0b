"""What a round was like, for the log: rewards apart, the policy's movement, and what shows a collapse."""

import math
from collections.abc import Mapping, Sequence

import torch

from seewhy.objectives.parts.groups import is_flat
from seewhy.records.repeats import repeated_share
from seewhy.records.types import FinishReason
from seewhy.training.online.draw import DrawnRound
from seewhy.training.online.prepare import Prepared

REWARD, HELD_OUT = "reward", "held_out"


def reward_figures(drawn: DrawnRound, weights: Mapping[str, float]) -> dict[str, float]:
    """Of each reward its mean over the rollouts that it applies to, and to how many it does.

    Rewards of weight 0 are watched: `held_out` is the mean of them all.
    """
    found: dict[str, float] = {}
    watched: list[float] = []
    for name, earned in drawn.earned.items():
        known = [one.value for one in earned if one.value is not None]
        found[f"applies/{name}"] = float(len(known))
        if known:
            found[f"{REWARD}/{name}"] = math.fsum(known) / len(known)
            if not weights.get(name):
                watched.append(found[f"{REWARD}/{name}"])
    return found | ({HELD_OUT: math.fsum(watched) / len(watched)} if watched else {})


def drawn_figures(prepared: Prepared) -> dict[str, float]:
    """Total reward, length, entropy, repetition, share that was cut, share of groups without signal."""
    rows = [example.responses[0] for example in prepared.examples]
    totals = [total for total in prepared.credit.totals if total is not None]
    groups = prepared.credit.groups
    summed = prepared.credit.tokens.sum(dim=1)
    flat = [is_flat(summed[(groups == group) & prepared.credit.scored]) for group in groups.unique()]
    mask = prepared.batch.mask
    found = {
        "length": sum(map(len, rows)) / len(rows),
        "entropy": float(-prepared.batch.old[mask].mean()),
        "repetition": sum(map(repeated_share, rows)) / len(rows),
        "cut": sum(chain.stop is FinishReason.LENGTH for chain in prepared.chains) / len(rows),
        "flat_groups": sum(flat) / len(flat),
        "unrewarded": float(len(rows) - len(totals)),
        "sampler_gap": prepared.sampler_gap,
    }
    if totals:
        found[REWARD] = math.fsum(totals) / len(totals)
    correlation = length_correlation(prepared)
    if correlation is not None:
        found["length_correlation"] = correlation
    return found | _against_reference(prepared) | _against_critic(prepared)


def length_correlation(prepared: Prepared) -> float | None:
    """Pearson's correlation of reward and length within questions: both less their question's mean; None without any.

    1 where a reward pays by the token, whatever the questions.
    """
    rewards, lengths = prepared.credit.tokens.sum(dim=1), prepared.batch.mask.sum(dim=1).double()
    parts: list[tuple[torch.Tensor, torch.Tensor]] = []
    for group in prepared.credit.groups.unique():
        members = (prepared.credit.groups == group) & prepared.credit.scored
        if int(members.sum()) > 1:
            parts.append((rewards[members] - rewards[members].mean(), lengths[members] - lengths[members].mean()))
    if not parts:
        return None
    reward, length = (torch.cat(side) for side in zip(*parts, strict=True))
    size = float(reward.norm() * length.norm())
    return float(reward @ length) / size if size > 1e-9 else None


def _against_reference(prepared: Prepared) -> dict[str, float]:
    """Mean over rollouts of the summed log pi - log ref, in nats a response."""
    reference = prepared.batch.reference
    if reference is None:
        return {}
    gap = torch.where(prepared.batch.mask, prepared.batch.old - reference, 0.0)
    return {"kl_reference": float(gap.double().sum(dim=1).mean())}


def _against_critic(prepared: Prepared) -> dict[str, float]:
    """Share of the returns' variance that the critic knew; mean value."""
    values, returns, mask = prepared.batch.values, prepared.returns, prepared.mask
    if values is None or returns is None or int(mask.sum()) < 2:
        return {}
    spread = float(returns[mask].double().var())
    found = {"value": float(values[mask].mean())}
    if spread > 1e-12:
        found["value_explained"] = 1.0 - float((returns[mask] - values[mask]).double().var()) / spread
    return found


def failures_of(drawn: DrawnRound) -> Sequence[str]:
    """Why rewards were none, each reason once, as lines."""
    found: dict[str, int] = {}
    for name, earned in drawn.earned.items():
        for one in earned:
            if one.value is None:
                line = f"reward {name}: {one.why[:200]}"
                found[line] = found.get(line, 0) + 1
    return [f"{line} ({count} rollouts)" for line, count in found.items()]

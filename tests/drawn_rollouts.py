"""One of each policy objective that the package holds, and rollouts drawn at random, or worked by hand, for them."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, nan

import pytest
import torch
from drawn_objectives import draw_mask, find_objectives, name_of, settings_of
from torch import Tensor

from seewhy.objectives.api import PolicyObjective, RolloutBatch, RolloutView

POLICY_OBJECTIVES = find_objectives(RolloutView)
OTHER = {
    "epsilon": 0.1, "epsilon_low": 0.1, "epsilon_high": 0.5, "kl": 0.3, "population_std": True, "gamma": 0.9,
    "lam": 0.5, "whiten": False, "max_ratio": 1.05,
}  # fmt: skip
"""For each setting of an objective, a value that is no default."""
TOGETHER = {
    "kl_estimator": {"kl": 0.3, "kl_estimator": "k2"}, "kl_in": {"kl": 0.3, "kl_in": "loss", "kl_estimator": "k3"},
    "kl_target": {"kl_target": 0.1}, "kl_horizon": {"kl_target": 0.1, "kl_horizon": 100},
}  # fmt: skip
"""Settings that say something beside others alone."""
WRONG = {
    "epsilon": (0.0, 1.0, -1.0, nan), "epsilon_low": (0.0, 1.0, nan), "epsilon_high": (0.0, -1.0, nan, inf),
    "kl": (-0.1, nan, inf), "gamma": (-0.1, 1.1, nan), "lam": (-0.1, 1.1, nan), "max_ratio": (0.0, 0.5, nan),
    "kl_estimator": ("k4",), "kl_in": ("nowhere",), "kl_target": (-1.0, nan), "kl_horizon": (0,),
}  # fmt: skip
every_policy_objective = pytest.mark.parametrize("objective", POLICY_OBJECTIVES, ids=name_of)
every_policy_setting = pytest.mark.parametrize(
    ("objective", "setting"), [(one, name) for one in POLICY_OBJECTIVES for name in settings_of(one)],
    ids=lambda value: value if isinstance(value, str) else name_of(value),
)  # fmt: skip


def changed(objective: PolicyObjective, setting: str) -> PolicyObjective:
    wanted = TOGETHER.get(setting) or {setting: OTHER[setting]}
    known = settings_of(objective)
    return replace(objective, **{name: value for name, value in wanted.items() if name in known})


def with_penalty(objective: PolicyObjective) -> PolicyObjective:
    return replace(objective, kl=0.3) if "kl" in settings_of(objective) else objective


def batch_of(rewards: Sequence[float], lengths: Sequence[int] | None = None, **others: object) -> RolloutBatch:
    """Rewards of whole responses of one question, each at its last token; NaN says that none applies."""
    sizes = list(lengths or [1] * len(rewards))
    mask = torch.arange(max(sizes))[None] < torch.tensor(sizes)[:, None]
    earned = torch.zeros(mask.shape, dtype=torch.float64)
    given = torch.tensor(rewards, dtype=torch.float64)
    earned[torch.arange(len(sizes)), torch.tensor(sizes) - 1] = given.nan_to_num(0.0)
    values = {"scored": ~given.isnan(), "groups": torch.zeros(len(sizes), dtype=torch.long), "mask": mask,
              "old": torch.where(mask, -1.0, 0.0)} | others  # fmt: skip
    return RolloutBatch(rewards=earned, **values)


def draw_batch(seed: int, rows: int = 6, time: int = 5) -> RolloutBatch:
    random = torch.Generator().manual_seed(seed)
    mask = draw_mask(rows, time, random)

    def drawn(kind: torch.dtype = torch.float32) -> Tensor:
        return torch.where(mask, -4 * torch.rand(mask.shape, generator=random, dtype=kind), 0.0)

    return RolloutBatch(
        rewards=-drawn(torch.float64), scored=torch.ones(rows, dtype=torch.bool), groups=torch.arange(rows) % 2,
        mask=mask, old=drawn(), reference=drawn(), values=drawn(), after=torch.rand(rows, generator=random),
    )  # fmt: skip


def draw_rollouts(seed: int, rows: int = 4, time: int = 5, dtype: torch.dtype = torch.float32) -> RolloutView:
    """Ratios on both sides of every clip, advantages of both signs."""
    random = torch.Generator().manual_seed(seed)
    mask = draw_mask(rows, time, random)

    def drawn(low: float, high: float) -> Tensor:
        made = low + (high - low) * torch.rand(mask.shape, generator=random, dtype=dtype)
        return torch.where(mask, made, 0.0)

    old = drawn(-3.0, -1.0)
    policy = torch.where(mask, old + drawn(-0.6, 0.6), 0.0)
    return RolloutView(policy=policy.requires_grad_(), old=old, advantages=drawn(-2.0, 2.0), mask=mask,
                       reference=drawn(-3.0, -1.0))  # fmt: skip

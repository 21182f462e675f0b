"""How fast the weights move at each step: linear warm-up, then a cosine to 0."""

import math

import torch
from torch import nn

from seewhy.training.api import Trainable
from seewhy.training.plan import FitPlan

BETAS = (0.9, 0.999)
"""AdamW's decay rates of the first and the second moment (MPO, arXiv 2411.10442, section 5)."""


def warmup_steps(steps: int, share: float) -> int:
    """Steps of the warm-up: the share of all steps, rounded up."""
    # Rounded first, because 100 * 0.07 is a little above 7 in floating point.
    return math.ceil(round(steps * share, 6))


def rate_factor(step: int, steps: int, share: float) -> float:
    """Share of the peak rate at `step`, counted from 0; the first step already moves, and 0 is met after the last.

    Example:
        >>> [rate_factor(step, 6, 1 / 3) for step in (0, 1, 2, 4)]
        [0.5, 1.0, 1.0, 0.5]
    """
    rising = warmup_steps(steps, share)
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / (steps - rising)))


def moved_parameters(model: Trainable, plan: FitPlan) -> dict[str, list[nn.Parameter]]:
    """Weights that the plan moves, by part; those that ask for no gradient on entry (a base under adapters) stay.

    Raises ValueError where a moved weight is half precision: a step of 1e-6 of its size is lost in rounding there.
    """
    parts = dict(model.parameter_groups())
    if plan.tower_learning_rate == 0:
        parts.pop("tower", None)
    seen: set[int] = set()
    moved: dict[str, list[nn.Parameter]] = {}
    for part, parameters in parts.items():
        moved[part] = [p for p in parameters if p.requires_grad and id(p) not in seen]
        seen.update(map(id, parameters))
        if any(p.dtype in (torch.float16, torch.bfloat16) for p in moved[part]):
            raise ValueError(f"the {part}'s weights are half precision and would not move; open the model in float32")
    return moved


def optimizer_of(moved: dict[str, list[nn.Parameter]], plan: FitPlan) -> torch.optim.AdamW:
    """AdamW over the moved weights; each group keeps its peak rate under "peak"."""
    groups: list[dict[str, object]] = []
    for part, parameters in moved.items():
        peak = plan.tower_learning_rate if part == "tower" else plan.learning_rate
        matrices = [p for p in parameters if p.ndim > 1]
        vectors = [p for p in parameters if p.ndim <= 1]
        groups.append({"params": matrices, "peak": peak, "weight_decay": plan.weight_decay})
        groups.append({"params": vectors, "peak": peak, "weight_decay": 0.0})
    filled = [group for group in groups if group["params"]]
    if not filled:
        raise ValueError("the plan moves no weight: all of them are frozen")
    return torch.optim.AdamW(filled, lr=plan.learning_rate, betas=BETAS)


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Gives every optimiser group its peak rate times `factor`."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor

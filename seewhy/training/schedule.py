"""Which weights move, and how fast at each step: a linear warm-up, then down along a cosine or a line, or level."""

import math

import torch
from torch import nn

from seewhy.training.api import Trainable
from seewhy.training.plan import CONSTANT, LINEAR, FitPlan


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


def rate_at(step: int, steps: int, plan: FitPlan) -> float:
    """The plan's share of the peak rate at `step`.

    Example:
        >>> from seewhy.training.plan import OptimizerPlan
        >>> line = FitPlan(learning_rate=1.0, warmup=0.0, optimizer=OptimizerPlan(schedule="linear", lowest=0.5))
        >>> [rate_at(step, 4, line) for step in range(4)]
        [1.0, 0.875, 0.75, 0.625]
    """
    optimizer, rising = plan.optimizer, warmup_steps(steps, plan.warmup)
    if step < rising or optimizer.schedule == CONSTANT:
        return min(1.0, (step + 1) / rising) if rising else 1.0
    if optimizer.schedule == LINEAR:
        falling = 1 - (step - rising) / (steps - rising)
    else:
        falling = rate_factor(step, steps, plan.warmup)
    return optimizer.lowest + (1 - optimizer.lowest) * falling


def moved_parameters(model: Trainable, plan: FitPlan) -> dict[str, list[nn.Parameter]]:
    """Weights that the plan moves, by part; those that ask for no gradient on entry (a base under adapters) stay.

    Raises ValueError where no weight is moved, and where one is half precision: a step of 1e-6 of its size is lost in
    rounding there.
    """
    parts = {part: parameters for part, parameters in model.parameter_groups().items() if plan.rate_of(part) > 0}
    seen: set[int] = set()
    moved: dict[str, list[nn.Parameter]] = {}
    for part, parameters in parts.items():
        moved[part] = [p for p in parameters if p.requires_grad and id(p) not in seen]
        seen.update(map(id, parameters))
        if any(p.dtype in (torch.float16, torch.bfloat16) for p in moved[part]):
            raise ValueError(f"the {part}'s weights are half precision and would not move; open the model in float32")
    if not any(moved.values()):
        raise ValueError("fit: no weight moves, for all are frozen (an adapter is in `language`); take a part out of "
                         "fit.optimizer.frozen")  # fmt: skip
    return moved


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Gives every optimiser group its peak rate times `factor`."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor

"""Teach a bare vision tower to see, patch by patch, before it is joined to a language model.

A LLaVA starts from a tower that was trained on pictures (CLIP); the tiny one has no such ancestor. Its tower learns
to tell, from each patch, which digit's cell the patch lies in; the linear head is thrown away.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.records.types import StepLog


@dataclass(frozen=True, slots=True, kw_only=True)
class TowerPlan:
    """How the tower is trained: AdamW, warm-up over the first 30 steps, then cosine to 0."""

    steps: int = 3000
    """Updates."""
    batch_size: int = 128
    """Pictures a step."""
    learning_rate: float = 2e-3
    """Peak rate."""
    weight_decay: float = 0.05
    """Decoupled decay, per unit of learning rate."""
    seed: int = 0
    """Address of the head's first weights and of the order of the pictures."""


def patch_labels(rows: Sequence[Sequence[int]], side: int, patches: int) -> list[int]:
    """The digit whose cell holds the centre of each patch, row by row.

    Args:
        rows: digits of a page whose cells share its `side` x `side` pixels evenly.
        side: pixels.
        patches: patches along a side.

    Example:
        >>> patch_labels([[3, 5], [7, 9]], side=48, patches=2)
        [3, 5, 7, 9]
    """
    high, wide, step = side // len(rows), side // len(rows[0]), side // patches
    centres = [step * place + step // 2 for place in range(patches)]
    return [
        rows[min(down // high, len(rows) - 1)][min(across // wide, len(rows[0]) - 1)]
        for down in centres
        for across in centres
    ]


def tower_features(net: PreTrainedModel, pixels: Tensor) -> Tensor:
    """[pictures, patches, width] what the projector is given of pixels [pictures, 3, side, side]."""
    hidden = net.model.vision_tower(pixels, output_hidden_states=True).hidden_states
    return hidden[net.config.vision_feature_layer][:, 1:]


def fit_tower(net: PreTrainedModel, pixels: Tensor, labels: Tensor, plan: TowerPlan) -> Iterator[StepLog]:
    """Trains the tower in place; `labels` [pictures, patches] are classes 0 to 9. Yields a log a step."""
    generator = torch.Generator().manual_seed(plan.seed)
    torch.manual_seed(plan.seed)
    head = nn.Linear(net.config.vision_config.hidden_size, 10)
    moved = [*net.model.vision_tower.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(moved, lr=plan.learning_rate, weight_decay=plan.weight_decay)
    for step in range(plan.steps):
        rate = plan.learning_rate * min(1.0, (step + 1) / 30) * 0.5 * (1 + math.cos(math.pi * step / plan.steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = torch.randint(0, len(pixels), (plan.batch_size,), generator=generator)
        told = head(tower_features(net, pixels[chosen]))
        loss = F.cross_entropy(told.flatten(0, 1), labels[chosen].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(moved, 1.0)
        optimizer.step()
        right = float((told.argmax(-1) == labels[chosen]).float().mean())
        terms = {"accuracy": right, "rows": float(plan.batch_size), "steps": float(plan.steps)}
        yield StepLog(step=step, loss=float(loss), learning_rate=rate, terms=terms, seconds=0.0)

"""Teach a bare vision tower to see, patch by patch, before it is joined to a language model.

A LLaVA starts from a tower that was trained on pictures (CLIP); the tiny one has no such ancestor. Its tower learns
to predict, from each patch, in which digit's cell the patch is, and in which row and column of the page that cell is;
the linear head is thrown away.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.records.pictures import read_pixels
from seewhy.records.types import StepLog
from seewhy.training.plan import TowerPlan

FACTS = {"digit": 10, "row": 4, "column": 4}
"""What is predicted of a patch, and how many values each fact can take."""


def patch_facts(rows: Sequence[Sequence[int]], side: int, patches: int) -> list[tuple[int, int, int]]:
    """Digit, row and column (from 0) of the cell that holds the centre of each patch, row by row.

    Args:
        rows: digits of a page whose cells share its `side` x `side` pixels evenly.
        side: pixels.
        patches: patches along a side.

    Example:
        >>> patch_facts([[3, 5], [7, 9]], side=48, patches=2)
        [(3, 0, 0), (5, 0, 1), (7, 1, 0), (9, 1, 1)]
    """
    high, wide, step = side // len(rows), side // len(rows[0]), side // patches
    centres = [step * place + step // 2 for place in range(patches)]
    places = [
        (min(down // high, len(rows) - 1), min(across // wide, len(rows[0]) - 1))
        for down in centres
        for across in centres
    ]
    return [(rows[row][column], row, column) for row, column in places]


def pixels_of(paths: Sequence[str]) -> Tensor:
    """[pictures, 3, side, side] pictures as a processor makes them that leaves their size: from -1 to 1."""
    pictures = [np.asarray(read_pixels(Path(path)), dtype=np.float32) for path in paths]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) / 127.5 - 1


def tower_features(net: PreTrainedModel, pixels: Tensor) -> Tensor:
    """[pictures, patches, width] what the projector is given of pixels [pictures, 3, side, side]."""
    hidden = net.model.vision_tower(pixels, output_hidden_states=True).hidden_states
    return hidden[net.config.vision_feature_layer][:, 1:]


def fit_tower(
    net: PreTrainedModel, pixels: Tensor, labels: Tensor, plan: TowerPlan, facts: Mapping[str, int] = FACTS,
    head: nn.Module | None = None,
) -> Iterator[StepLog]:  # fmt: skip
    """Trains the tower in place on `labels` [pictures, patches, facts], in the order of `facts`; yields a log a step.

    `head` maps features [pictures, patches, width] to logits of all facts' values, one fact after the other, and is
    trained with the tower; None takes a linear one, which is thrown away. The log's accuracies are shares of patches,
    one a fact.
    """
    generator = torch.Generator().manual_seed(plan.seed)
    torch.manual_seed(plan.seed)
    head = head or nn.Linear(net.config.vision_config.hidden_size, sum(facts.values()))
    moved = [*net.model.vision_tower.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(moved, lr=plan.learning_rate, weight_decay=plan.weight_decay)
    for step in range(plan.steps):
        rate = plan.learning_rate * min(1.0, (step + 1) / 30) * 0.5 * (1 + math.cos(math.pi * step / plan.steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = torch.randint(0, len(pixels), (plan.batch_size,), generator=generator)
        predicted = head(tower_features(net, pixels[chosen])).split(tuple(facts.values()), dim=-1)
        true = labels[chosen].unbind(dim=-1)
        losses = [F.cross_entropy(a.flatten(0, 1), b.flatten()) for a, b in zip(predicted, true, strict=True)]
        loss = torch.stack(losses).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(moved, 1.0)
        optimizer.step()
        right = {
            name: float((a.argmax(-1) == b).float().mean()) for name, a, b in zip(facts, predicted, true, strict=True)
        }
        terms = {**right, "rows": float(plan.batch_size), "steps": float(plan.steps)}
        yield StepLog(step=step, loss=float(loss.detach()), learning_rate=rate, terms=terms, seconds=0.0)

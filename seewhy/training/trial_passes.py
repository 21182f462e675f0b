"""Passes before a net is sharded: what a model finds out in the first pass of a kind, it must not find out later.

A trial is more passes than other processes make, and it compares gradients of whole weights.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import torch

from seewhy.model.packed.group import Prompt
from seewhy.model.packed.scores import Path
from seewhy.model.packed.trials import PathCheck
from seewhy.training.api import Trainable
from seewhy.training.examples import TrainingExample, has_pictures
from seewhy.training.grouping import forwards_of, groups_of
from seewhy.training.step import Run
from seewhy.training.table import units_of


@runtime_checkable
class ChoosesPath(Protocol):
    """A model that finds out how it scores groups."""

    checks: dict[bool, PathCheck]
    """What it found for prompts without and with pictures."""

    def path_of(self, prompts: Sequence[Prompt]) -> Path:
        """How these prompts run."""
        ...


def try_each_kind(run: Run) -> bool:
    """A pass of a row with pictures and of one without; weights that neither reaches ask for no gradient afterwards.

    Returns:
        Whether each group is a call of the net of its own.
    """
    asking = [parameter for parameter in run.model.net.parameters() if parameter.requires_grad]
    reached: set[int] = set()
    is_single = False
    for example in _one_of_each_kind(run):
        [[shared]] = forwards_of(run.model, run.questions, [example], run.plan.row_tokens)
        groups = groups_of([shared])
        prompts = [group.prompt for group in groups]
        logps = run.model.group_logps(groups)
        total = torch.stack([row.sum() for rows in logps for row in rows]).sum()
        found = torch.autograd.grad(total, asking, allow_unused=True)
        reached |= {id(p) for p, gradient in zip(asking, found, strict=True) if gradient is not None}
        is_single |= _is_separate(run.model, prompts) or any(
            prompt.cross_attention_mask is not None for prompt in prompts
        )
    for parameter in asking:
        parameter.requires_grad_(id(parameter) in reached)
    return is_single


def _is_separate(model: Trainable, prompts: Sequence[Prompt]) -> bool:
    """Whether a group runs in rows of its own; where replies follow their prompt, plain rows."""
    if not isinstance(model, ChoosesPath) or model.path_of(prompts) is Path.PACKED:
        return False
    for kind, check in model.checks.items():
        if check.path is Path.CONTINUED:
            model.checks[kind] = replace(check, path=Path.SEPARATE)
    return True


def _one_of_each_kind(run: Run) -> Iterator[TrainingExample]:
    units, seen = units_of(run.examples), set[bool]()
    for number in range(len(units)):
        example = run.examples[units.first(number)]
        kind = has_pictures(run.questions, example)
        if kind not in seen:
            seen.add(kind)
            yield example
        if len(seen) == 2:
            return

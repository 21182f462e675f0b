"""The figures of a step are read from the device once, however many passes and streams it has."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from seewhy.objectives.api import Loss
from seewhy.records.types import Style
from seewhy.training.examples import TrainingExample
from seewhy.training.scoring import Scored
from seewhy.training.totals import StepTotals

WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal")
"""Operations for whose result a device must have done all before."""


class Waits(TorchDispatchMode):
    """Raises where an operation would make a device wait, an index by a mask among them."""

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:  # fmt: skip
        name = str(func).split(".")[1]
        masks = args[1] if name.startswith("index") and len(args) > 1 and isinstance(args[1], list) else []
        if name in WAITS or any(isinstance(each, torch.Tensor) and each.dtype is torch.bool for each in masks):
            raise AssertionError(f"{name} makes the device wait")
        return func(*args, **(kwargs or {}))


def example(stream: str) -> TrainingExample:
    return TrainingExample(question_id="q", style=Style.REASON, responses=((5, 2),), stream=stream)


def test_no_pass_waits_for_the_device_and_the_means_are_those_of_all_rows() -> None:
    """Rows of 1, 2 (left) and 4 (right) twice: mean 14 / 6, left 6 / 4, right 8 / 2; margins are ten times that."""
    rows = [example("left"), example("left"), example("right")]
    totals = StepTotals.of(rows * 2, ("left", "right"))
    with Waits():
        for _ in range(2):
            each = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
            scored = Scored(loss=Loss(each=each, terms={"margin": 10 * each.detach()}), figures={})
            totals.add(scored, rows).backward()
            assert each.grad is not None
    means = totals.means()
    assert means["loss"] == pytest.approx(14 / 6)
    assert (means["loss/left"], means["loss/right"]) == (pytest.approx(1.5), pytest.approx(4.0))
    assert (means["margin/left"], means["margin"]) == (pytest.approx(15.0), pytest.approx(140 / 6))
    assert totals.means() == means

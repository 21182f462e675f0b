"""Optimisers by name, over the weights that a plan moves."""

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from seewhy.training.plan import ADAMW, FUSED, MUON, FitPlan, OptimizerPlan

EIGHT_BITS = {"adamw_8bit": "AdamW8bit", "paged_adamw_8bit": "PagedAdamW8bit"}
"""Names, and the classes of bitsandbytes."""
Groups = list[dict[str, Any]]


class MuonWithAdamW(torch.optim.Optimizer):
    """Muon for the matrices within layers, AdamW for all else: one optimiser to whoever steps and saves it.

    Muon (Jordan et al., 2024) with the scale that lets it take AdamW's learning rates and weight decay (Liu et al.,
    "Muon is scalable for LLM training", arXiv 2502.16982, equation 4).
    """

    def __init__(self, matrices: Groups, others: Groups, lr: float, betas: tuple[float, float]) -> None:
        """`matrices` have two axes each, and are neither embeddings nor an output layer."""
        muon = [torch.optim.Muon(matrices, lr=lr, adjust_lr_fn="match_rms_adamw")] if matrices else []
        adamw = [torch.optim.AdamW(others, lr=lr, betas=betas)] if others else []
        self.parts: list[torch.optim.Optimizer] = [*muon, *adamw]
        super().__init__([group for part in self.parts for group in part.param_groups], {})
        self._share()

    def _share(self) -> None:
        """What is remembered, and the rates, are the same objects here and in the parts."""
        start = 0
        for part in self.parts:
            part.state = self.state
            part.param_groups = self.param_groups[start : start + len(part.param_groups)]
            start += len(part.param_groups)

    def step(self, closure: Callable[[], float] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One update by both."""
        for part in self.parts:
            part.step()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().load_state_dict(dict(state_dict))
        self._share()


def require_library(optimizer: OptimizerPlan) -> None:
    """ValueError where the library of an optimiser is missing."""
    if optimizer.kind in EIGHT_BITS and find_spec("bitsandbytes") is None:
        raise ValueError(f"fit.optimizer.kind {optimizer.kind} needs bitsandbytes: pip install bitsandbytes")


def optimizer_of(
    moved: Mapping[str, Sequence[nn.Parameter]], plan: FitPlan, words: Iterable[nn.Parameter] = ()
) -> torch.optim.Optimizer:
    """The plan's optimiser over the moved weights; each group keeps its peak rate under "peak".

    `words` are the embeddings and the output layer, which Muon leaves to AdamW.

    Raises:
        ValueError: the optimiser's library is missing.
    """
    optimizer = plan.optimizer
    groups: Groups = []
    for part, parameters in moved.items():
        peak = plan.rate_of(part)
        matrices = [p for p in parameters if p.ndim > 1]
        vectors = [p for p in parameters if p.ndim <= 1]
        groups.append({"params": matrices, "peak": peak, "weight_decay": plan.weight_decay})
        groups.append({"params": vectors, "peak": peak, "weight_decay": 0.0})
    filled = [group for group in groups if group["params"]]
    if optimizer.kind == MUON:
        return MuonWithAdamW(*_parted(filled, set(map(id, words))), lr=plan.learning_rate, betas=optimizer.betas)
    if optimizer.kind in (ADAMW, FUSED):
        fused = True if optimizer.kind == FUSED else None
        return torch.optim.AdamW(filled, lr=plan.learning_rate, betas=optimizer.betas, fused=fused)
    require_library(optimizer)
    made: Any = vars(importlib.import_module("bitsandbytes.optim"))[EIGHT_BITS[optimizer.kind]]
    return made(filled, lr=plan.learning_rate, betas=optimizer.betas)


def _parted(groups: Groups, words: set[int]) -> tuple[Groups, Groups]:
    """What Muon takes of each group, and what it does not."""
    sides: tuple[Groups, Groups] = [], []
    for group in groups:
        is_matrix = [p.ndim == 2 and id(p) not in words for p in group["params"]]
        for side, wanted in zip(sides, (True, False), strict=True):
            chosen = [p for p, matrix in zip(group["params"], is_matrix, strict=True) if matrix is wanted]
            if chosen:
                side.append({**group, "params": chosen})
    return sides

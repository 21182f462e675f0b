"""The time in which weights move: which of them, by which optimiser, and how they are distributed over processes."""

import os
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn
from transformers import PreTrainedModel

from seewhy.training.api import assume_frozen
from seewhy.training.optimizers import optimizer_of
from seewhy.training.parallel.engine import ONE_PROCESS, Engine, copies
from seewhy.training.parallel.plan import SHARDED
from seewhy.training.parallel.sharded import sharded
from seewhy.training.schedule import moved_parameters
from seewhy.training.step import Run
from seewhy.training.trial_passes import try_each_kind


@contextmanager
def moving(run: Run) -> Generator[tuple[torch.optim.Optimizer, Engine]]:
    """An optimiser over the weights that the plan moves, and what adds up their gradients over processes.

    While the context lasts, the other weights ask for no gradient and dropout is off.
    """
    net = run.model.net
    moved = [p for parameters in moved_parameters(run.model, run.plan).values() for p in parameters]
    moving = set(map(id, moved))
    asked = {name: p.requires_grad for name, p in net.named_parameters()}
    was_training = net.training
    try:
        net.eval()
        for parameter in net.parameters():
            parameter.requires_grad_(id(parameter) in moving)
        with assume_frozen(run.model, moved), _engine_of(run) as engine:
            # Asked again: sharded weights are others.
            yield optimizer_of(moved_parameters(run.model, run.plan), run.plan, words_of(net)), engine
    finally:
        for name, parameter in net.named_parameters():
            parameter.requires_grad_(asked[name])
            parameter.grad = None
        net.train(was_training)


def words_of(net: nn.Module) -> list[nn.Parameter]:
    """Weights of the embeddings and of the output layer, where the net has them."""
    if not isinstance(net, PreTrainedModel):
        return []
    layers = (net.get_input_embeddings(), net.get_output_embeddings())
    return [parameter for layer in layers if layer is not None for parameter in layer.parameters()]


def _engine_of(run: Run) -> AbstractContextManager[Engine]:
    plan = run.shard.of_launcher(os.environ)
    if run.ranks.is_alone:
        return nullcontext(ONE_PROCESS)
    if plan.kind != SHARDED:
        return copies(run.model, run.ranks)
    return sharded(run.model, run.ranks, plan, is_single=try_each_kind(run))

"""FSDP2: every process holds a part of the weights, gradients and moments, and gathers a layer when it runs.

Zhao et al., "PyTorch FSDP: Experiences on Scaling Fully Sharded Data Parallel", arXiv 2304.11277. The layers of the
language model are groups of their own; embeddings, output layer, projector and vision tower are one more, gathered in
every pass, with or without pictures: so passes of all processes gather the same, whatever rows they hold.
"""

import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import CPUOffloadPolicy, FSDPModule, MixedPrecisionPolicy, OffloadPolicy, fully_shard

from seewhy.model.packed.parting import one_row_only
from seewhy.model.plan import BF16
from seewhy.training.api import Trainable
from seewhy.training.checkpoint import (
    SHARDS,
    Progress,
    begin_checkpoint,
    partial_of,
    require_finite,
    seal_checkpoint,
    tensors_of,
)
from seewhy.training.parallel.engine import rooted_of
from seewhy.training.parallel.plan import ShardPlan
from seewhy.training.parallel.ranks import Ranks
from seewhy.training.parallel.shard_files import gathered, write_shards

HALVES = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32, cast_forward_inputs=False)
"""Of layers under `precision: bf16`: gathered in bfloat16, as `torch.autocast` would cast them; gradients add up in
float32."""


@dataclass(slots=True, kw_only=True)
class Sharded:
    """The engine of a step whose weights are sharded."""

    ranks: Ranks
    root: nn.Module
    seeing: Sequence[nn.Parameter]
    """Those of the vision tower and the projector that are trained."""
    group: dist.ProcessGroup
    """For checkpoints, which are written while the training goes on."""
    is_single: bool
    """Whether groups must be run one by one, as each is a call of the net."""
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    pending: Future[None] | None = None

    def count_passes(self, own: int) -> int:
        return max(self.ranks.gather(own))

    def one_pass(self, number: int, of: int) -> AbstractContextManager[None]:
        return one_row_only()

    def end_passes(self, *, has_pictures: bool) -> None:
        for parameter in () if has_pictures else self.seeing:
            parameter.grad = None

    def save(self, directory: Path, net: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
        self.flush()
        tensors = tensors_of(net, optimizer)
        require_finite(directory, progress.steps, tensors)
        if self.ranks.is_first:
            begin_checkpoint(directory, progress.steps)
            (partial_of(directory, progress.steps) / SHARDS).mkdir()
        self.ranks.meet()
        written = write_shards(partial_of(directory, progress.steps) / SHARDS, tensors, self.group)
        self.pending = self.thread.submit(self._end, written, directory, progress, _shapes(tensors))

    def _end(self, written: Future[Any], directory: Path, progress: Progress, shapes: Mapping[str, list[int]]) -> None:
        written.result()
        if self.ranks.is_first:
            seal_checkpoint(directory, progress, shapes)

    def flush(self) -> None:
        for module in sharded_modules(self.root):
            module.reshard()
        if self.pending is not None:
            self.pending.result()
            self.pending = None


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, list[int]]:
    return {name: list(tensor.shape) for name, tensor in tensors.items()}


@contextmanager
def sharded(model: Trainable, ranks: Ranks, plan: ShardPlan, *, is_single: bool) -> Generator[Sharded]:
    """While the context lasts the model's weights are sharded; after it the first process holds them whole, on the CPU.

    Every weight that asks for a gradient must be one that some pass reaches.

    Raises:
        ValueError: the model has no root, or weights that cannot be sharded.
    """
    rooted, net = rooted_of(model), model.net
    for name, parameter in net.named_parameters():
        if not parameter.is_floating_point():
            raise ValueError(
                f"compute.load_in_4bit: {name} is in {parameter.dtype}, which loses how 4 bits are read where it is "
                "sharded; set shard.kind to copies, or compute.precision to bf16 without 4 bits"
            )
    plain = rooted.root
    _shard(net, plain, plan, device=next(net.parameters()).device, is_half=model.settings.get("precision") == BF16)
    seeing = [p for part in ("tower", "projector") for p in model.parameter_groups()[part] if p.requires_grad]
    group: Any = dist.new_group(backend="gloo")
    engine = Sharded(
        ranks=ranks, root=plain, seeing=seeing, group=group, is_single=is_single
    )  # fmt: skip
    # What the root returns are views of one row's log-probabilities; nothing is done to them in place.
    warnings.filterwarnings("ignore", message="FSDP2-wrapped module .* returned a view tensor")
    yield engine
    engine.flush()
    _make_whole(plain, ranks)


def _shard(net: nn.Module, root: nn.Module, plan: ShardPlan, device: torch.device, *, is_half: bool) -> None:
    mesh = init_device_mesh(device.type, (dist.get_world_size(),))
    offload = CPUOffloadPolicy(pin_memory=device.type == "cuda") if plan.offload else OffloadPolicy()
    precision = HALVES if is_half else MixedPrecisionPolicy()
    for layer in layers_of(net):
        fully_shard(layer, mesh=mesh, reshard_after_forward=plan.reshard, mp_policy=precision, offload_policy=offload)
    fully_shard(root, mesh=mesh, offload_policy=offload)
    for module in sharded_modules(root):
        module.set_gradient_divide_factor(1.0)
        module.set_force_sum_reduction_for_comms(True)
        # A process may have text alone where another has pictures: zeros take the place of what it does not reach.
        module.set_reduce_scatter_unused_params(True)


def layers_of(net: Any) -> Sequence[nn.Module]:  # noqa: ANN401
    """The layers of the language model; none of a net that keeps them elsewhere, which is one group then."""
    decoder = net.get_decoder()
    return list(decoder.layers) if hasattr(decoder, "layers") else []


def sharded_modules(root: nn.Module) -> Iterator[FSDPModule]:
    """The modules that gather and free their weights."""
    return (module for module in root.modules() if isinstance(module, FSDPModule))


@torch.no_grad()
def _make_whole(root: nn.Module, ranks: Ranks) -> None:
    """Puts whole weights in the places of shards, one after another; those of other processes than the first are empty.

    A collective operation.
    """
    for module in sharded_modules(root):
        module.reshard()
    made: dict[int, nn.Parameter] = {}
    for module in list(root.modules()):
        for name, parameter in list(module.named_parameters(recurse=False)):
            if id(parameter) not in made:
                whole = gathered(parameter)
                kept = whole.cpu() if ranks.is_first else torch.empty_like(whole, device="meta")
                made[id(parameter)] = nn.Parameter(kept, requires_grad=parameter.requires_grad)
            module.register_parameter(name, made[id(parameter)])

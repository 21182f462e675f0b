"""Gradients of one loss whose parts several processes have computed, each in passes of its own number and kind."""

from collections.abc import Iterator, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn

from seewhy.training.parallel.ranks import Ranks

BUCKET = 1 << 23
"""Numbers that are sent at once, unless one weight has more; 32 MiB in float32."""


@torch.no_grad()
def add_gradients(ranks: Ranks, parameters: Sequence[nn.Parameter]) -> None:
    """Puts the sum over all processes in the place of each gradient, equal to the bit everywhere.

    A weight that no process has a gradient of keeps none, so that neither moments nor weight decay move it. DDP would
    want one backward pass a process at the same time; here a process may have many, or none. A collective operation.
    """
    if ranks.is_alone:
        return
    has = torch.tensor([parameter.grad is not None for parameter in parameters], dtype=torch.uint8)
    dist.all_reduce(has, op=dist.ReduceOp.MAX)
    found = [parameter for parameter, is_there in zip(parameters, has.tolist(), strict=True) if is_there]
    for parameter in found:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    for bucket in _buckets([parameter.grad for parameter in found if parameter.grad is not None]):
        flat = torch.cat([grad.flatten() for grad in bucket])
        dist.all_reduce(flat)
        for grad, summed in zip(bucket, flat.split([grad.numel() for grad in bucket]), strict=True):
            grad.copy_(summed.view_as(grad))


@torch.no_grad()
def begin_equal(ranks: Ranks, parameters: Sequence[nn.Parameter]) -> None:
    """Every process takes the first one's weights; a collective operation."""
    if not ranks.is_alone:
        for parameter in parameters:
            dist.broadcast(parameter.detach(), src=0)


def _buckets(grads: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Gradients of one type and device, in their order."""
    bucket: list[Tensor] = []
    size = 0
    for grad in grads:
        is_other = bucket and (grad.dtype, grad.device) != (bucket[0].dtype, bucket[0].device)
        if bucket and (is_other or size + grad.numel() > BUCKET):
            yield bucket
            bucket, size = [], 0
        bucket.append(grad)
        size += grad.numel()
    if bucket:
        yield bucket

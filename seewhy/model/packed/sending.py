"""Host tensors on their way to a net's device: pinned, and not waited for.

A copy from pageable memory makes the host wait until the device has done all before (CUDA C Programming Guide, section
"Asynchronous Concurrent Execution"). A pinned one does not, and torch keeps its memory until it is done.
"""

from collections.abc import Sequence
from itertools import islice

import torch
from torch import Tensor

UNPINNED = ("cpu", "meta", "mps")
"""Devices to which copies are made as they are: they are the host's own memory, or have none."""


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor there; itself where it is there already."""
    if device.type in UNPINNED or tensor.device.type != "cpu":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def sent(tensors: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """Tensors of one type there, by one copy for all of them; each is a view of it, of its own shape."""
    if device.type in UNPINNED:
        return [tensor.to(device) for tensor in tensors]
    sizes = [tensor.numel() for tensor in tensors]
    whole = to_device(torch.cat([tensor.flatten() for tensor in tensors]), device)
    return [part.view(tensor.shape) for part, tensor in zip(whole.split(sizes), tensors, strict=True)]


def read_groups(groups: Sequence[Sequence[Tensor]]) -> list[tuple[tuple[float, ...], ...]]:
    """The numbers of flat tensors, all read from their device at once: a read waits for all that was asked for before.

    Example:
        >>> read_groups([[torch.tensor([1.0, 2.0])], [torch.tensor([3.0]), torch.tensor([4.0])]])
        [((1.0, 2.0),), ((3.0,), (4.0,))]
    """
    flat = [row for rows in groups for row in rows]
    numbers = iter(torch.cat(flat).tolist() if flat else [])
    return [tuple(tuple(islice(numbers, len(row))) for row in rows) for rows in groups]

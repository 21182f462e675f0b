"""Sums by name whose parts may still be on a device, from which all are read at once: each read waits for it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(slots=True)
class NamedSums:
    """What the passes of a step, or the updates of a round, add up to.

    Example:
        >>> sums = NamedSums()
        >>> sums.add("loss", torch.tensor(2.0))
        >>> sums.add("loss", 0.5)
        >>> sums.read([torch.tensor([3.0, 4.0])]), sums.values
        ([[3.0, 4.0]], {'loss': 2.5})
    """

    values: dict[str, float] = field(default_factory=dict[str, float])
    """Of what was read; `read` takes in the rest."""
    unread: list[tuple[str, Tensor]] = field(default_factory=list[tuple[str, Tensor]])
    """[] parts that are still on the device."""

    def add(self, name: str, part: float | Tensor) -> None:
        """One more part; a tensor [] is read later."""
        if isinstance(part, Tensor):
            self.unread.append((name, part.detach()))
        else:
            self.values[name] = self.values.get(name, 0.0) + part

    def read(self, others: Sequence[Tensor] = ()) -> list[list[float]]:
        """Take in what is unread, and give the numbers of `others`, all read from the device at once."""
        wanted = [*(part for _, part in self.unread), *others]
        flat = [value.detach().double().flatten() for value in wanted if value.numel()]
        numbers = iter(torch.cat(flat).tolist() if flat else [])
        for name, _ in self.unread:
            self.add(name, next(numbers))
        self.unread.clear()
        return [[next(numbers) for _ in range(value.numel())] for value in others]


def added(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """By name, the sum over the processes that each had a part.

    Example:
        >>> added([{"loss": 1.0}, {"loss": 0.5, "rows": 2.0}])
        {'loss': 1.5, 'rows': 2.0}
    """
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: math.fsum(part.get(name, 0.0) for part in parts) for name in names}

"""The order in which rows are trained: a function of rows, seed, epoch and batch size, kept in a few bytes a row."""

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seewhy.training.plan import FitPlan

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptUnits:
    """Examples gathered by prompt, prompts in order of first appearance.

    Example:
        >>> units = PromptUnits.of(np.array([7, 9, 7], dtype=np.uint64))
        >>> units.members.tolist(), units.starts.tolist()
        ([0, 2, 1], [0, 2, 3])
    """

    members: Numbers
    """Numbers of the examples, those of a prompt together and ascending."""
    starts: Numbers
    """Where each prompt begins in `members`, and at the end how many there are."""

    @classmethod
    def of(cls, hashes: NDArray[np.uint64]) -> "PromptUnits":
        """Of the hash of each example's prompt."""
        by_hash = np.argsort(hashes, kind="stable").astype(np.int32)
        ordered = hashes[by_hash]
        begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if len(hashes) else by_hash
        sizes = np.diff(begins, append=len(hashes))
        appearance = np.argsort(by_hash[begins])
        starts = np.concatenate(([0], np.cumsum(sizes[appearance]))).astype(np.int32)
        shift = np.repeat((begins[appearance] - starts[:-1]).astype(np.int32), sizes[appearance])
        return cls(members=by_hash[shift + np.arange(len(hashes), dtype=np.int32)], starts=starts)

    def __len__(self) -> int:
        """The number of prompts."""
        return len(self.starts) - 1

    def first(self, prompt: int) -> int:
        """The number of the first example of a prompt."""
        return int(self.members[self.starts[prompt]])


@dataclass(slots=True, kw_only=True)
class StepOrder(Sequence[tuple[int, ...]]):
    """Numbers of the examples of every step of all epochs.

    Examples of one prompt are shuffled as a unit and stay in one step, unless they are more than `batch_size`. One
    epoch's order is in memory at a time.
    """

    units: PromptUnits
    plan: FitPlan
    pieces: Numbers = field(init=False)
    """Where each piece, at most `batch_size` examples of a prompt, begins in the units' members, and their number."""
    counts: list[int] = field(init=False)
    """Steps of each epoch."""
    epoch: int = field(init=False, default=-1)
    order: Numbers = field(init=False)
    bounds: Numbers = field(init=False)
    """Where each step of the epoch begins in `order`, the shuffled numbers of pieces, and the number of pieces."""

    def __post_init__(self) -> None:
        """Counts the steps of every epoch."""
        starts, size = self.units.starts, self.plan.batch_size
        parts = -(-np.diff(starts) // size)
        within = np.arange(int(parts.sum()), dtype=np.int32) - np.repeat(np.cumsum(parts) - parts, parts)
        self.pieces = np.append(np.repeat(starts[:-1], parts) + within * size, starts[-1]).astype(np.int32)
        self.counts = [self._load(epoch) for epoch in reversed(range(self.plan.epochs))][::-1]

    def _load(self, epoch: int) -> int:
        """Makes the order of an epoch; the number of its steps."""
        if epoch != self.epoch:
            shuffled = array("i", range(len(self.pieces) - 1))
            random.Random(f"order/{self.plan.seed}/{epoch}").shuffle(shuffled)
            self.order = np.frombuffer(shuffled, dtype=np.int32)
            self.bounds = self._fill(np.diff(self.pieces)[self.order])
            self.epoch = epoch
        return len(self.bounds) - 1

    def _fill(self, sizes: Numbers) -> Numbers:
        bounds, filled = array("i", [0]), 0
        for place, size in enumerate(sizes):
            if filled + size > self.plan.batch_size:
                bounds.append(place)
                filled = 0
            filled += size
        if filled:
            bounds.append(len(sizes))
        return np.frombuffer(bounds, dtype=np.int32)

    def __len__(self) -> int:
        """Steps of all epochs."""
        return sum(self.counts)

    def __getitem__(self, step: int) -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The examples of one step."""
        for epoch, count in enumerate(self.counts):
            if 0 <= step < count:
                self._load(epoch)
                pieces = self.order[self.bounds[step] : self.bounds[step + 1]]
                parts = [self.units.members[self.pieces[n] : self.pieces[n + 1]] for n in pieces]
                return tuple(np.concatenate(parts).tolist())
            step -= count
        raise IndexError(step)

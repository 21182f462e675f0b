"""Sums over the rows of one step: the weighted loss, the means of all figures, and each stream apart."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from seewhy.model.packed.sending import to_device
from seewhy.training.examples import TrainingExample
from seewhy.training.scoring import Scored
from seewhy.training.sums import NamedSums

LOSS, AT_REFERENCE = "loss", "at_reference"
NO_STREAM = "no stream"
"""What rows without a stream are logged under, where other rows have one."""
OF_STREAM = (LOSS, "margin", "chosen_tokens", "rejected_tokens", "lesson_tokens")
"""Figures that are logged for each stream, as `<figure>/<stream>`, where there is more than one stream."""


@dataclass(slots=True, kw_only=True)
class StepTotals:
    """What the forward passes of one step add up to.

    The loss is sum(weight x loss) / sum(weight) over the step's rows. All other figures, those of streams among them,
    are plain means over rows.
    """

    rows: int
    weight: float
    """Sum of the weights of the step's rows."""
    streams: dict[str, int]
    """Rows of each stream in the step; empty where the run has one stream."""
    sums: NamedSums = field(default_factory=NamedSums)

    @classmethod
    def of(cls, rows: Sequence[TrainingExample], streams: Sequence[str]) -> "StepTotals":
        """Nothing added yet, for a step of these rows of a run of these streams."""
        names = [row.stream or NO_STREAM for row in rows] if len(streams) > 1 else []
        return cls(
            rows=len(rows),
            weight=sum(row.weight for row in rows),
            streams={name: names.count(name) for name in dict.fromkeys(names)},
        )

    def add(self, scored: Scored, rows: Sequence[TrainingExample]) -> Tensor:
        """Takes in one forward pass over `rows`; its part of the step's loss, differentiable."""
        each = scored.loss.each
        weights = to_device(torch.tensor([row.weight for row in rows], dtype=each.dtype), each.device)
        figures = {**scored.loss.terms, **scored.figures}
        self._add(LOSS, each.detach() * weights)
        if scored.at_reference is not None:
            self._add(AT_REFERENCE, scored.at_reference * weights)
        for name, values in figures.items():
            self._add(name, values)
        for stream in self.streams:
            of_stream = to_device(torch.tensor([(row.stream or NO_STREAM) == stream for row in rows]), each.device)
            for name, values in ({LOSS: each.detach()} | figures).items():
                if name in OF_STREAM:
                    self._add(f"{name}/{stream}", values.where(of_stream, 0))
        return (each * weights).sum() / self.weight

    def _add(self, name: str, values: Tensor) -> None:
        self.sums.add(name, values.detach().sum(dtype=torch.float64))

    def means(self) -> dict[str, float]:
        """The loss and every figure of the step."""
        self.sums.read()
        found = {name: value / self._parts(name) for name, value in self.sums.values.items()}
        return found | {f"rows/{stream}": float(count) for stream, count in self.streams.items()}

    def _parts(self, name: str) -> float:
        if name in (LOSS, AT_REFERENCE):
            return self.weight
        return self.streams.get(name.partition("/")[2], self.rows)

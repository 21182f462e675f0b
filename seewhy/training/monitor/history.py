"""The figures of a training so far, as alarms look at them: by name, and as means over either end."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seewhy.records.types import StepLog

WINDOW_SHARE = 0.1
"""Share of the steps, at either end, whose mean is compared."""
NARROWEST, WIDEST = 5, 100
"""Steps of that window while the run goes on: fewer would be chance, and more would raise an alarm late."""


def mean_of(values: Sequence[float]) -> float:
    """The mean; there is one value or more."""
    return sum(values) / len(values)


@dataclass(slots=True, kw_only=True)
class History:
    """The steps taken so far."""

    figures: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """Each figure's value at every step that has it; the loss is one of them."""
    latest: Mapping[str, float] = field(default_factory=dict[str, float])
    """Figures of the last step alone."""
    count: int = 0
    total: int = 0
    """Steps of the whole run; as many as were taken where it is not given."""
    is_over: bool = False
    """Whether the last step was the run's last: what wants the whole run is judged then."""

    def add(self, log: StepLog, *, is_last: bool) -> None:
        """Take in one step."""
        self.latest = {**log.terms, "loss": log.loss}
        for name, value in self.latest.items():
            self.figures.setdefault(name, []).append(value)
        self.count += 1
        self.total = max(self.count, int(log.terms.get("steps", 0.0)))
        self.is_over = is_last

    def values(self, name: str) -> list[float]:
        """All values of a figure, oldest first; none where no step has it."""
        return self.figures.get(name, [])

    def ends(self, name: str) -> tuple[float, float] | None:
        """Means over the first and over the last steps; None while two such windows do not fit in the run so far."""
        values = self.values(name)
        if self.is_over:
            width = max(1, math.ceil(len(values) * WINDOW_SHARE))
        else:
            width = min(max(NARROWEST, math.ceil(self.total * WINDOW_SHARE)), WIDEST)
            if len(values) < 2 * width:
                return None
        return (mean_of(values[:width]), mean_of(values[-width:])) if values else None

    def late(self, name: str) -> float | None:
        """The mean over the last steps; None where `ends` is."""
        ends = self.ends(name)
        return None if ends is None else ends[1]

    @property
    def is_half_taken(self) -> bool:
        """Whether half of the run's steps were taken."""
        return self.is_over or 2 * self.count >= self.total

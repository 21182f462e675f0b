"""Rows that training reads by number, in one stream or several."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeVar

from seewhy.records.by_key import Rows

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream(Generic[Row]):
    """Rows that share a name and a weight."""

    name: str
    rows: Rows[Row]
    weight: float = 1.0
    """Factor of the loss of each of its rows."""
    row_weights: Rows[float] | None = None
    """A factor of its own for each row; None means 1."""

    def __post_init__(self) -> None:
        """Refuses a weight that is not a finite number above 0, and row weights of another number than rows."""
        if not 0.0 < self.weight < inf:
            raise ValueError(
                f"stream {self.name!r}: weight must be a finite number above 0, not {self.weight}; leave out a stream "
                "that is not to be trained on"
            )
        if self.row_weights is not None and len(self.row_weights) != len(self.rows):
            raise ValueError(
                f"stream {self.name!r}: row_weights has {len(self.row_weights)} numbers for {len(self.rows)} rows"
            )

    def weight_of(self, number: int) -> float:
        """The stream's weight times the row's own."""
        if self.row_weights is None:
            return self.weight
        own = float(self.row_weights[number])
        if not 0.0 < own < inf:
            raise ValueError(f"stream {self.name!r}, row {number}: weight must be a finite number above 0, not {own}")
        return self.weight * own


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture(Generic[Row]):
    """Streams one after another, numbered through."""

    streams: tuple[Stream[Row], ...]
    weights: Mapping[str, float] = field(default_factory=dict[str, float])
    """Weight of the rows that name a stream of their own, by that name; empty weighs them 1 each."""

    def __post_init__(self) -> None:
        """Refuses two streams of one name, and weights that are not above 0."""
        names = [stream.name for stream in self.streams]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two streams are called {name!r}; give each a name of its own")

        for name, weight in self.weights.items():
            if not 0.0 < weight < inf:
                raise ValueError(f"weights: {name!r} is {weight}; a weight must be a finite number above 0")

    def factor_of(self, own: str, place: str) -> float:
        """The weight of a row's own stream, empty where it names none; `place` of the row begins an error's message."""
        if not own or not self.weights:
            return 1.0
        if own not in self.weights:
            raise ValueError(
                f"{place}: its stream is {own!r}, which has no weight; weights are given for {', '.join(self.weights)}"
            )
        return self.weights[own]

    @classmethod
    def of(cls, rows: "Rows[Row] | Mixture[Row]") -> "Mixture[Row]":
        """Rows without a stream are one stream of weight 1 and no name."""
        return rows if isinstance(rows, Mixture) else cls(streams=(Stream(name="", rows=rows),))

    def __len__(self) -> int:
        """Rows of all streams."""
        return sum(len(stream.rows) for stream in self.streams)

    def find(self, number: int) -> tuple[Stream[Row], int]:
        """The stream of a row, and the row's number there."""
        for stream in self.streams:
            if number < len(stream.rows):
                return stream, number
            number -= len(stream.rows)
        raise IndexError(number)

"""Rows that training reads by number, in one stream or several, and finds by a key."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)
Value = TypeVar("Value")


@runtime_checkable
class Rows(Protocol[Row_co]):
    """Rows by number, from 0: a list, or a reader that keeps no row in memory."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, number: int, /) -> Row_co:
        """The row of that number."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream(Generic[Row]):
    """Rows that share a name and a weight."""

    name: str
    rows: Rows[Row]
    weight: float = 1.0
    """Factor of the loss of each of its rows."""
    row_weights: Rows[float] | None = None
    """A factor of its own for each row; None stands for 1."""

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

    def __post_init__(self) -> None:
        """Refuses two streams of one name."""
        names = [stream.name for stream in self.streams]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two streams are called {name!r}; give each a name of its own")

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


def key_hash(key: str) -> int:
    """64 bits of BLAKE2, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")


class RowsByKey(Mapping[str, Value], Generic[Row, Value]):
    """A mapping from the keys of rows to what they hold that keeps 8 bytes a row, and reads a row when it is asked for.

    Of rows with equal keys the last counts. An entry is the upper bits of the key's hash and, in the lower ones, the
    row's number; entries are sorted, and the keys of rows whose hashes agree are compared.
    """

    def __init__(
        self, rows: Rows[Row], key: Callable[[Row], str], value: Callable[[Row], Value], hash_bits: int = 64
    ) -> None:
        """Reads every row once for its key; at most `hash_bits` of a hash are kept, of those that there is room for."""
        self._rows, self._key, self._value = rows, key, value
        self._bits = max(1, len(rows).bit_length())
        self._mask = (1 << 64) - (1 << max(self._bits, 64 - hash_bits))
        packed = (self._upper(key(rows[number])) | number for number in range(len(rows)))
        self._entries: NDArray[np.uint64] = np.fromiter(packed, dtype=np.uint64, count=len(rows))
        self._entries.sort()

    def _upper(self, key: str) -> int:
        return key_hash(key) & self._mask

    def __getitem__(self, key: str) -> Value:
        """What the row of this key holds."""
        upper = self._upper(key)
        lower = (1 << self._bits) - 1
        start, stop = np.searchsorted(self._entries, np.array([upper, upper | lower], dtype=np.uint64))
        for entry in reversed(self._entries[start : int(stop) + 1].tolist()):
            row = self._rows[entry & lower]
            if self._key(row) == key:
                return self._value(row)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        """Keys in the order of the rows, those of equal keys each."""
        return (self._key(self._rows[number]) for number in range(len(self._rows)))

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._rows)

"""Rows by number, and found by a key with 8 bytes of memory a row."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
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

    def repeated(self) -> Iterator[tuple[int, int]]:
        """Numbers of rows with equal keys, two and two: each after the first with the one before it."""
        lower = np.uint64((1 << self._bits) - 1)
        upper = self._entries & ~lower
        for place in np.flatnonzero(upper[1:] == upper[:-1]).tolist():
            one, other = (int(entry & lower) for entry in self._entries[place : place + 2])
            if self._key(self._rows[one]) == self._key(self._rows[other]):
                yield one, other

    def __iter__(self) -> Iterator[str]:
        """Keys in the order of the rows, those of equal keys each."""
        return (self._key(self._rows[number]) for number in range(len(self._rows)))

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._rows)

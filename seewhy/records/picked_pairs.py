"""The pairs of ranked groups by number, read from the groups as they are asked for."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator

from seewhy.records.by_key import Rows
from seewhy.records.ranked import RankedGroup, pair_of, require_ranks
from seewhy.records.types import Pair


class PickedPairs(Rows[Pair]):
    """The pairs of ranked groups by number, group after group; one group is in memory.

    Pairs of a group share their prompt, so training scores the group once.

    Args:
        groups: rows by number, read once when this is made; those without picks have no pairs.

    Raises:
        ValueError: a pick does not follow the scores, as `require_ranks` raises.
    """

    def __init__(self, groups: Rows[RankedGroup]) -> None:
        self._groups = groups
        self._ends = array("q")
        self._held: tuple[int, RankedGroup] | None = None
        for number in range(len(groups)):
            group = groups[number]
            require_ranks(group)
            self._ends.append((self._ends[-1] if self._ends else 0) + len(group.picks))

    def __iter__(self) -> Iterator[Pair]:
        return (self[number] for number in range(len(self)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, number: int, /) -> Pair:
        if not 0 <= number < len(self):
            raise IndexError(number)
        place = bisect_right(self._ends, number)
        if self._held is None or self._held[0] != place:
            self._held = place, self._groups[place]
        group = self._held[1]
        return pair_of(group, group.picks[number - self._ends[place]])

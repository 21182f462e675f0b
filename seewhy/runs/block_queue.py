"""Which blocks are handed to which worker, how many at a time, and which again where a worker is lost."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


class WorkersLostError(RuntimeError):
    """Workers ended without a word, as for lack of memory; finished blocks are kept."""


@dataclass(slots=True, kw_only=True)
class BlockQueue:
    """The blocks of a unit that are still to be made. It knows workers by name alone, and no way to reach them.

    Example:
        >>> queue = BlockQueue(waiting=deque([0, 1, 2]), ahead=1, tries=3)
        >>> [queue.take("a", workers=2) for _ in range(3)], queue.take("b", workers=2)
        ([0, 1, None], 2)
        >>> queue.lose("a", is_written=lambda number: number == 0)
        [0]
        >>> queue.waiting
        deque([1])
    """

    waiting: deque[int]
    ahead: int
    """Blocks that wait at a worker beside the one that it works on."""
    tries: int
    """Workers that one block may lose."""
    in_flight: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """By worker, in the order in which they were handed out; the first is being worked."""
    losses: Counter[int] = field(default_factory=Counter[int])
    """By block, the workers that ended while they worked on it."""

    @property
    def left(self) -> int:
        """Blocks that wait or are in flight."""
        return len(self.waiting) + sum(map(len, self.in_flight.values()))

    def take(self, worker: str, workers: int) -> int | None:
        """The next block of a worker, one of so many; None where nothing waits or it has enough.

        A second block goes ahead of time only while more wait than there are workers: at the end of a unit nobody holds
        back what another could work on.
        """
        held = self.in_flight.setdefault(worker, [])
        if not self.waiting or len(held) > self.ahead or (held and len(self.waiting) < workers):
            return None
        held.append(self.waiting.popleft())
        return held[-1]

    def finish(self, worker: str, number: int) -> None:
        """A worker has made a block."""
        self.in_flight[worker].remove(number)

    def is_idle(self, worker: str) -> bool:
        """Whether a worker has nothing to do."""
        return not self.in_flight.get(worker)

    def lose(self, worker: str, is_written: Callable[[int], bool], why: str = "") -> list[int]:
        """A worker is lost: what it held waits again, but for blocks whose shard is written.

        What it had not begun goes ahead of all others; the block that it worked on goes behind them, for it may end
        the next worker too, and until then all else is made.

        Returns:
            The blocks that it has finished without telling.

        Raises:
            WorkersLostError: the block that it worked on has ended as many workers as it may.
        """
        held = self.in_flight.pop(worker, [])
        written = [number for number in held if is_written(number)]
        again = [number for number in held if number not in written]
        self.waiting.extendleft(reversed(again[1:]))
        for number in again[:1]:
            self.waiting.append(number)
            self.losses[number] += 1
            if self.losses[number] >= self.tries:
                raise WorkersLostError(
                    f"block {number} has ended {self.losses[number]} workers (runner.tries), the last one so: {why}"
                )
        return written


def wanted_workers(least: int, most: int, room: int, left: int) -> int:
    """How many workers a unit should have: one a block that is left, within the bounds.

    Args:
        least: kept whatever is left.
        most: 0 takes what there is room for.
        room: workers that the nodes hold now.
        left: blocks that wait or are in flight.

    Example:
        >>> [wanted_workers(1, 0, 8, left) for left in (0, 3, 100)], wanted_workers(2, 16, 8, 100)
        ([1, 3, 8], 16)
    """
    # One at least: a cluster without a node that fits may start one for it.
    return min(most or max(room, least, 1), max(least, left))


def surplus_workers(
    idle: Iterable[tuple[str, float]], all_workers: int, least: int, now: float, idle_s: float
) -> list[str]:
    """Workers to be ended: those that have had nothing to do for `idle_s` seconds, as long as `least` are left.

    Args:
        idle: name of each worker without work, and since when.
        all_workers: of the pool.
        least: kept in any case.
        now: on the same clock.
        idle_s: seconds.

    Example:
        >>> surplus_workers([("a", 0.0), ("b", 50.0), ("c", 10.0)], 3, 1, 90.0, 60.0)
        ['a', 'c']
    """
    long_idle = [name for since, name in sorted((since, name) for name, since in idle) if now - since >= idle_s]
    return long_idle[: max(0, all_workers - least)]

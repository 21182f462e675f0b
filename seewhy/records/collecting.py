"""Python looks for reference cycles less often while many objects without any are made: rows, or calls under way.

Each look goes through all young objects, in time through all there are, and the work waits meanwhile. Of 500 calls
at once to a server that answers in 200 ms this took a twentieth of the rate, of pairing a fifth (`docs/numerics.md`).
"""

import gc
from threading import Lock
from types import TracebackType

OBJECTS = 50_000
"""More new objects than gone ones between two looks, where Python's own figure is 700 to 2,000: some thousand calls."""


class RareCollection:
    """A context in which cycles are looked for every `OBJECTS` objects; the last to leave gives the old figures back.

    Where a program has switched the search off, or made it rarer still, nothing changes.

    Example:
        >>> with RareCollection():
        ...     gc.get_threshold()[0]
        50000
    """

    _lock = Lock()
    _inside = 0
    _before = (0, 0, 0)

    def __enter__(self) -> None:
        with self._lock:
            if RareCollection._inside == 0:
                RareCollection._before = gc.get_threshold()
                first, *others = RareCollection._before
                gc.set_threshold(max(first, OBJECTS) if first else 0, *others)
            RareCollection._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            RareCollection._inside -= 1
            if RareCollection._inside == 0:
                gc.set_threshold(*RareCollection._before)

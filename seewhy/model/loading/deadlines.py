"""Blocks of Python that come with a model and may loop: they are left when their time is over."""

import ctypes
import math
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager


class LateError(Exception):
    """Raised in a thread whose time is over."""


class _Block:
    """A block that a thread runs, until `ends` (seconds of the monotonic clock)."""

    def __init__(self, limit_s: float) -> None:
        self.ends = time.monotonic() + limit_s
        self.is_late = False
        self._thread, self._lock, self._is_over = threading.get_ident(), threading.Lock(), False

    def interrupt(self) -> None:
        """Raise `LateError` in the block's thread, unless the block has ended."""
        with self._lock:
            if not self._is_over:
                self.is_late = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(LateError))

    def end(self) -> None:
        with self._lock:
            self._is_over = True


class _Watch:
    """One thread for the blocks of all threads: a thread for each costs four times what a template takes.

    A block's thread shares no lock with the others: `LateError` could leave one closed.
    """

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}
        self._wakes = math.inf
        self._earlier = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, block: _Block) -> None:
        self._blocks[id(block)] = block
        if self._thread is None or not self._thread.is_alive():  # a process that was forked has not the thread
            self._start()
        if block.ends < self._wakes:
            self._earlier.set()

    def remove(self, block: _Block) -> None:
        self._blocks.pop(id(block), None)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._earlier = threading.Event()
                self._thread = threading.Thread(target=self._run, name="seewhy deadlines", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._earlier.clear()
            self._wakes = math.inf  # who comes while the blocks are read wakes this thread again
            now = time.monotonic()
            for block in list(self._blocks.values()):
                if block.ends <= now:
                    self.remove(block)
                    block.interrupt()
            self._wakes = min((block.ends for block in list(self._blocks.values())), default=math.inf)
            self._earlier.wait(None if self._wakes == math.inf else max(0.0, self._wakes - time.monotonic()))


_WATCH = _Watch()


@contextmanager
def bounded(limit_s: float) -> Generator[None]:
    """Raises `LateError` in a block of Python that runs for longer: between two of its instructions, in any thread."""
    block = _Block(limit_s)
    _WATCH.add(block)
    try:
        yield
    finally:
        block.end()
        _WATCH.remove(block)
    while block.is_late:  # the block has ended at the same moment: the exception must not come later, elsewhere
        time.sleep(0.001)

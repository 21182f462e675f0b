"""One run, one writer: a second process is refused at once, with the first one's name; why one stopped is kept."""

import fcntl
import os
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

LOCK = "_writer"
LOOKS, LOOK_S = 20, 0.01
"""How often a taken lock is tried again, and the seconds between: `writer_of` holds it for a moment."""


@contextmanager
def only_writer(root: Path) -> Generator[None]:
    """While the context lasts, no other process writes in this run; the lock ends with its process, however it ends.

    Raises:
        ValueError: another process does; the message names its host and number.
        OSError: the directory cannot be made or written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OSError(f"{root} cannot be made a run's directory ({error.strerror}): choose another folder") from error
    try:
        if not _is_locked(handle):
            who = os.read(handle, 200).decode(errors="replace").partition("\n")[0].strip() or "another process"
            raise ValueError(f"{root} is being written by {who}: wait for it, or end it")
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        # Workers on other machines look here whether they see the same storage.
        os.fsync(handle)
        try:
            yield
        except (Exception, KeyboardInterrupt) as error:
            _note_end(handle, error)
            raise
    finally:
        os.close(handle)


def _note_end(handle: int, error: BaseException) -> None:
    """Write the end below the process's name; where even that cannot be written, the error goes on alone."""
    said = "stopped by Ctrl-C" if isinstance(error, KeyboardInterrupt) else str(error) or type(error).__name__
    at = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    with suppress(OSError):
        os.pwrite(handle, f"{at}: {said}\n".encode(errors="replace"), os.fstat(handle).st_size)


def end_of(root: Path) -> str:
    """When and why the last process that wrote in a run stopped before its end; empty where none did or one writes now.

    A process that was killed says nothing.
    """
    if writer_of(root) or not (root / LOCK).is_file():
        return ""
    return (root / LOCK).read_text(encoding="utf-8").partition("\n")[2].strip()


def _is_locked(handle: int) -> bool:
    """Lock a file for this process alone; False where another one keeps it."""
    for attempt in range(LOOKS):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt + 1 < LOOKS:
                time.sleep(LOOK_S)
        else:
            return True
    return False


def writer_of(root: Path) -> str:
    """The process that writes in a run now; empty where none does."""
    path = root / LOCK
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.readline().strip() or "another process"
        return ""

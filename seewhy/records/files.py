"""Files that appear whole or not at all, even when a process is killed or the disk is full."""

import contextlib
import errno
import hashlib
import os
import shutil
import socket
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_HOST = socket.gethostname()
HASHERS = 4
"""Threads that hash at once, at most."""
LARGE_BYTES = 64 << 20
"""Bytes from which threads are begun to hash them, some 50 ms of one."""
LEFT_AFTER_S = 3600.0
"""Age at which a temporary file of another machine counts as left behind: a shard is written in seconds."""


def write_bytes_atomically(path: Path, payload: bytes) -> None:
    """Put `payload` at `path` in one step: a temporary name next to it, fsync, rename, fsync of the directory.

    What a killed writer of the same path left behind is removed; it never had the final name. A writer that is alive
    keeps its own: two machines may write the same rows, where one was taken for lost.

    Raises:
        OSError: it could not be written (a full disk, no permission); `path` is as it was before.
    """
    temporary = path.with_name(f".{path.name}.{_HOST}-{os.getpid()}.tmp")
    try:
        with explain_failure(path, len(payload)):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_leftovers(path)
            _write_and_rename(temporary, path, payload)
    finally:
        _remove_quietly(temporary)


def write_text_atomically(path: Path, text: str) -> None:
    """`write_bytes_atomically` for text, as UTF-8."""
    write_bytes_atomically(path, text.encode())


@contextlib.contextmanager
def explain_failure(path: Path, wanted: int | None = None) -> Generator[None]:
    """Turns an OSError of writing `path` (`wanted` bytes of it) into one that names it and says how to go on."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno or errno.EIO, _explain(path, wanted, error)) from error


def is_file(path: Path) -> bool:
    """Whether there is a file; False of a name too long for any, of which the system says no more than that."""
    try:
        return path.is_file()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_each(paths: Sequence[Path], hash_one: Callable[[Path], str] = hash_file) -> list[str]:
    """SHA-256 of each file, large ones by several threads: Python lets go of its lock while it hashes.

    Raises:
        OSError: one cannot be read.
    """
    threads = min(len(paths), len(os.sched_getaffinity(0)), HASHERS)
    if threads < 2 or sum(path.stat().st_size for path in paths) < LARGE_BYTES:
        return list(map(hash_one, paths))
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(hash_one, paths))


def _write_and_rename(temporary: Path, path: Path, payload: bytes) -> None:
    with temporary.open("wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    # The name itself is safe only once its directory is on disk.
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _remove_leftovers(path: Path) -> None:
    prefix = f".{path.name}."
    for found in path.parent.iterdir():
        if found.name.startswith(prefix) and found.name.endswith(".tmp") and not _has_writer(found, len(prefix)):
            found.unlink(missing_ok=True)


def _has_writer(temporary: Path, prefix: int) -> bool:
    """Whether the process that made a temporary file may be alive; of one on another machine the file's age tells."""
    host, mark, number = temporary.name[prefix:].removesuffix(".tmp").rpartition("-")
    if not mark or not number.isdecimal():
        return False
    try:
        if host == _HOST:
            os.kill(int(number), 0)
            return True
        return time.time() - temporary.stat().st_mtime < LEFT_AFTER_S
    except PermissionError:
        return True
    except (ProcessLookupError, FileNotFoundError):
        return False


def _remove_quietly(temporary: Path) -> None:
    # Runs while another error is on its way: a directory that never came to be has nothing to remove.
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)


def _explain(path: Path, wanted: int | None, error: OSError) -> str:
    parts = [_describe_room(path.parent), "" if wanted is None else f"{wanted:,} bytes wanted"]
    room = ", ".join(words for words in reversed(parts) if words)
    return (
        f"cannot write {path}: {error.strerror or error}{f' ({room})' if room else ''}. "
        "Nothing was lost: all that was finished before is on disk, and no half-written file is left. "
        "Make room (or give permission to write), then run the same command again: it continues from there."
    )


def _describe_room(directory: Path) -> str:
    if not directory.is_dir():
        return ""
    return f"{shutil.disk_usage(directory).free:,} free on that disk"

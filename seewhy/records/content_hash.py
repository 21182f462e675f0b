"""Hashes of large files that are remembered as long as the file is provably the one that was hashed.

A file is the same while its path (resolved through links), size, inode, and times of modification and of change, in
nanoseconds, are. The time of change cannot be set back, so that a rewrite of equal size with the old time of
modification is noticed. Clocks of file systems may be coarse: what changed within the last two seconds is hashed.
"""

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from threading import Lock

from seewhy.records.canonical import hash_json
from seewhy.records.files import hash_each, hash_file, write_text_atomically

SETTLED_NS = 2_000_000_000
"""Age from which a file's times show whether it has changed since."""
WEIGHTS = "*.safetensors"


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What identifies a file without reading it."""

    size: int
    inode: int
    modified_ns: int
    changed_ns: int

    @property
    def is_settled(self) -> bool:
        """Whether a later change would show; never for times in the future."""
        return time.time_ns() - max(self.modified_ns, self.changed_ns) >= SETTLED_NS


class HashCache:
    """SHA-256 of files by path and stamp, in memory, and in a file where one is given; safe for threads and processes.

    Args:
        path: JSON file that keeps the hashes for later processes. One that is missing, damaged or of another version is
            begun anew; one that cannot be written is gone without.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = Lock()
        self._known: dict[str, tuple[FileStamp, str]] = {} if path is None else _read_known(path)

    def hash_file(self, path: Path) -> str:
        """SHA-256 of a file's bytes, as 64 hexadecimal digits; read only where it may have changed.

        Raises:
            OSError: it cannot be read.
        """
        place = path.resolve(strict=True)
        before = stamp_of(place)
        known = self._known.get(str(place))
        if known and known[0] == before and before.is_settled:
            return known[1]
        digest = hash_file(place)
        # A file that was being written meanwhile, or a moment ago, may change again without another stamp.
        if stamp_of(place) == before and before.is_settled:
            self._keep(str(place), before, digest)
        return digest

    def _keep(self, place: str, stamp: FileStamp, digest: str) -> None:
        with self._lock:
            self._known[place] = stamp, digest
            if self._path is not None:
                self._known = {**_read_known(self._path), **self._known}
                with contextlib.suppress(OSError):
                    write_text_atomically(self._path, _as_text(self._known))


_IN_PROCESS = HashCache()


def hash_folder_cached(folder: Path, pattern: str = WEIGHTS, cache: HashCache = _IN_PROCESS) -> dict[str, str]:
    """SHA-256 of each file of a folder whose name fits `pattern`, by name, sorted; empty where there is none.

    Hashes are remembered for the life of the process, or as long as a `HashCache` of the caller's keeps them.

    Raises:
        OSError: a file cannot be read.
    """
    # A link that leads nowhere is an error; what is no file, such as a pipe that would be waited for, is no content.
    paths = sorted(path for path in folder.glob(pattern) if path.is_file() or not path.exists())
    return dict(zip([path.name for path in paths], hash_each(paths, cache.hash_file), strict=True))


def hash_file_cached(path: Path) -> str:
    """SHA-256 of a file's bytes, remembered for the life of the process; OSError where it cannot be read."""
    return _IN_PROCESS.hash_file(path)


def stamp_of(path: Path) -> FileStamp:
    """The stamp of a file as it is now, links followed."""
    found = path.stat()
    return FileStamp(found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns)


def _as_text(known: Mapping[str, tuple[FileStamp, str]]) -> str:
    entries = {place: [*astuple(stamp), digest] for place, (stamp, digest) in sorted(known.items())}
    return json.dumps({"checksum": hash_json(entries), "entries": entries}, indent=0) + "\n"


def _read_known(path: Path) -> dict[str, tuple[FileStamp, str]]:
    try:
        found = json.loads(path.read_bytes())
        entries = found["entries"]
        if found["checksum"] != hash_json(entries):
            return {}
        return {place: (FileStamp(*stamp), str(digest)) for place, (*stamp, digest) in entries.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}

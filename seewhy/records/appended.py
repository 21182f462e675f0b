"""Files that grow by lines of JSON, of which a kill in the middle of a line loses that line and no other."""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from seewhy.records.files import explain_failure

LOG = logging.getLogger(__name__)
BACK = 1 << 16
"""Bytes that are looked at at once for the end of the last whole line."""


def append_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Adds a line for each row and forces them to the disk; the file and its folder are made where they are missing.

    A last line without an end, as a kill leaves it, is cut off first, and a warning says so: the next row would be
    joined to it, and both lost.

    Raises:
        OSError: it cannot be written.
    """
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    with explain_failure(path, len(text)):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            torn = _torn(path, file.tell())
            if torn:
                LOG.warning("%s: its last line has no end (%d bytes), as a kill leaves it, and is cut off", path, torn)
                file.truncate(file.tell() - torn)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _torn(path: Path, size: int) -> int:
    """Bytes behind the last end of a line."""
    torn = 0
    with path.open("rb") as file:
        while torn < size:
            start = max(0, size - torn - BACK)
            file.seek(start)
            piece = file.read(size - torn - start)
            if b"\n" in piece:
                return torn + len(piece) - piece.rindex(b"\n") - 1
            torn += len(piece)
    return torn

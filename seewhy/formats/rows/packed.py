"""Bytes of a file, unpacked as they are read where it is packed: gzip, Zstandard, bzip2 or xz, by its first bytes."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What reading a damaged packed file raises."""
PACKED = ("", ".gz", ".zst", ".bz2", ".xz")
"""Endings that may follow that of a file of text."""
BUFFER = 1 << 16


def _open_zstandard(path: Path) -> IO[bytes]:
    stream = pa.CompressedInputStream(str(path), "zstd")
    return io.BufferedReader(cast(io.RawIOBase, stream), BUFFER)


OPENERS: Mapping[bytes, Callable[[Path], object]] = {
    b"\x1f\x8b": gzip.open, b"\x28\xb5\x2f\xfd": _open_zstandard, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open,
}  # fmt: skip
"""First bytes of a packed file to what opens it."""
LONGEST_HEAD = max(map(len, OPENERS))


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where it is packed."""
    with path.open("rb") as file:
        head = file.read(LONGEST_HEAD)
    opener = next((one for begin, one in OPENERS.items() if head.startswith(begin)), None)
    return path.open("rb") if opener is None else cast(IO[bytes], opener(path))


def unpacked_name(name: str) -> str:
    """A file's name without the ending that says how it is packed.

    Example:
        >>> unpacked_name("a.jsonl.zst"), unpacked_name("a.jsonl")
        ('a.jsonl', 'a.jsonl')
    """
    return next((name.removesuffix(ending) for ending in PACKED[1:] if name.endswith(ending)), name)

"""What a file is that is none of rows, by its first bytes, and what to do about it."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

HEAD = 512
"""Bytes that are looked at."""
PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "Zstandard"}
POINTER = b"version https://git-lfs"
STARTS = (
    (re.compile(rb"(?s)%b|%b|\0\0\xfe\xff" % (BOM_UTF16_LE, BOM_UTF16_BE)), "is in UTF-16 or UTF-32; save it as UTF-8"),
    (re.compile(rb"(?s)[^\0]\0[^\0]\0|\0[^\0]\0[^\0]"), "is in UTF-16; save it as UTF-8"),
    (re.compile(re.escape(POINTER)), "is a pointer of Git LFS in place of the file; run `git lfs pull` in its folder"),
    (re.compile(rb"PAR1"), "is Parquet; give it a name that ends in .parquet, or write it as JSON Lines"),
    (re.compile(rb"PK\x03\x04"), "is a zip archive; unpack it, and name the file of rows"),
    (re.compile(rb"(?:%b)?\s*<" % BOM_UTF8), "is a web page and no data; download the file itself"),
)  # fmt: skip


def foreign(head: bytes) -> str:
    """What is said after the name of a file that begins so; empty where it may be text of rows.

    Example:
        >>> foreign(b" <!DOCTYPE html>"), foreign(b'{"id": 1}')
        ('is a web page and no data; download the file itself', '')
    """
    packed = next((name for start, name in PACKED.items() if head.startswith(start)), "")
    if packed:
        return f"is packed by {packed}, whatever it is called; unpack it"
    return next((said for start, said in STARTS if start.match(head)), "")


def require_text(path: Path, head: bytes | None = None) -> None:
    """ValueError where a file of rows as text is something else; `head` is what it begins with, if that is known."""
    if head is None:
        with path.open("rb") as file:
            head = file.read(HEAD)
    if said := foreign(head[:HEAD]):
        raise ValueError(f"{path} {said}")


def require_file(path: Path, what: str = "") -> None:
    """ValueError where there is no file of this name, but a folder, a pipe or nothing; `what` begins the message."""
    place = f"{what}{' ' if what else ''}{path}"
    if path.is_dir():
        raise ValueError(f"{place}: is a folder; name a file in it")
    if not path.is_file() and path.exists():
        raise ValueError(f"{place}: is a pipe or a device, and files are read more than once; save it to a file first")
    if not path.is_file():
        raise ValueError(f"{place}: no such file")

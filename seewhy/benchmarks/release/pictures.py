"""Pictures of a release: loose files that stay where they are, and bytes in tables, kept by their hash."""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seewhy.records.files import explain_failure, hash_file, is_file
from seewhy.records.pictures import PictureError, Source, check_picture
from seewhy.records.types import ImageRef

SUFFIXES = {"JPEG": "jpg", "TIFF": "tif"}
"""Endings of formats that are not called by their ending."""
SHOWN = 400
"""Characters of a path: a picture in base64 is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that a row names or holds: a file, or bytes."""

    field: str
    """The field of the row, for errors."""
    path: Path | None = None
    payload: bytes = b""
    place: str = ""
    """Where the bytes are, as `test.parquet:3#image`."""


def refer(picture: Picture) -> ImageRef:
    """The picture by its hash, neither decoded nor copied; bytes in a table keep the table's name as their path.

    A file that is not there has no hash: whoever only grades needs none.
    """
    if picture.path is not None:
        there = is_file(picture.path)
        return ImageRef(sha256=hash_file(picture.path) if there else "", path=picture.path.resolve().as_posix())
    return ImageRef(sha256=sha256(picture.payload).hexdigest(), path=picture.place)


def look(picture: Picture) -> ImageRef:
    """The picture, decoded once and not copied.

    Raises:
        ValueError: it cannot be decoded.
    """
    if picture.path is not None:
        return see_file(picture.path, picture.field)
    decode(picture.payload, picture.field, picture.place)
    return refer(picture)


def see(picture: Picture, folder: Path) -> ImageRef:
    """The picture, decoded once so that no later stage meets a broken one; bytes are kept under `folder/images`.

    Raises:
        ValueError: it cannot be decoded.
        OSError: it cannot be written.
    """
    if picture.path is not None:
        return see_file(picture.path, picture.field)
    kind = decode(picture.payload, picture.field, picture.place)
    return keep_bytes(folder, picture.payload, SUFFIXES.get(kind, kind.lower()))


def see_file(path: Path, field: str) -> ImageRef:
    """A picture's file, decoded once.

    Raises:
        ValueError: it is not there, or cannot be decoded.
    """
    if not is_file(path):
        name = str(path) if len(str(path)) <= SHOWN else f"{str(path)[:SHOWN]}... ({len(str(path)):,} characters)"
        raise ValueError(f"field {field!r}: {name} is not there; paths are relative to the file of the row")
    decode(path, field, str(path))
    return ImageRef(sha256=hash_file(path), path=path.resolve().as_posix())


def decode(source: Source, field: str, place: str) -> str:
    """Decode all pixels, and return the format, as Pillow calls it.

    Raises:
        ValueError: it is no complete picture, of a format that is not read, or too large.
    """
    try:
        return check_picture(source)
    except PictureError as error:
        raise ValueError(
            f"field {field!r}: {place} cannot be read as a picture ({error}); replace it, or remove the row"
        ) from error


def keep_bytes(folder: Path, payload: bytes, suffix: str) -> ImageRef:
    """Write a picture's bytes under their hash, whole or not at all; those already there are left alone."""
    digest = sha256(payload).hexdigest()
    path = folder / "images" / digest[:2] / f"{digest}.{suffix}"
    # Not `write_bytes_atomically`: two fsyncs a picture would take longer than drawing it. A cut file has another size.
    if not (path.exists() and path.stat().st_size == len(payload)):
        temporary = path.with_name(f".{digest}.part")
        with explain_failure(path, len(payload)):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(payload)
            temporary.replace(path)
    return ImageRef(sha256=digest, path=path.as_posix())


def from_base64(text: str, field: str) -> bytes:
    """The bytes of a picture that is in its row as base64, perhaps as a data URL.

    Raises:
        ValueError: it is no base64.
    """
    try:
        return base64.b64decode(text.rpartition("base64,")[2], validate=True)
    except binascii.Error as error:
        raise ValueError(f"field {field!r} is no base64 ({error})") from error

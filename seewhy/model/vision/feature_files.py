"""Features in files: a folder of bounded size that processes may share; a damaged file is never believed."""

import contextlib
import logging
import os
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

LOG = logging.getLogger(__name__)
SUFFIX = ".safetensors"


def raw(tensor: Tensor) -> memoryview:
    """The bytes of a tensor's numbers, in order."""
    return tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """CRC-32 of all bytes, in order of the names."""
    total = 0
    for name in sorted(tensors):
        total = zlib.crc32(raw(tensors[name]), total)
    return f"{total:08x}"


class FeatureFiles:
    """A file a key; the least recently used ones make room.

    Each process keeps the bound with what it finds on disk before it writes: of two that write at the same moment, one
    may go above it by its file, until the next is written.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """The folder is made when the first file is written; files of earlier runs in it count and are used."""
        self.folder = folder
        self.max_bytes = max_bytes
        self._is_writing = True

    def path(self, key: str) -> Path:
        """Path of the features of a key."""
        return self.folder / f"{key}{SUFFIX}"

    def read(self, key: str) -> dict[str, Tensor] | None:
        """The features of a key; None where there are none, or where the file is damaged, which is said."""
        path = self.path(key)
        try:
            with safe_open(path, framework="pt") as file:
                # Copied out of the file: what is changed or cut there later changes nothing here.
                tensors: dict[str, Tensor] = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
                expected = (file.metadata() or {}).get("checksum")
        except FileNotFoundError:
            return None
        except (SafetensorError, OSError) as error:
            LOG.warning("%s: the features in it cannot be read (%s); the vision encoder runs again", path, error)
            return None
        if checksum(tensors) != expected:
            LOG.warning("%s: the features in it are damaged; the vision encoder runs again", path)
            return None
        # Another process may have removed it since, or the folder be ours to read alone: then it only looks older.
        with contextlib.suppress(OSError):
            os.utime(path)
        return tensors

    def write(self, key: str, tensors: Mapping[str, Tensor]) -> None:
        """Put the features of a key in place whole; where that fails it is said and nothing is written any more."""
        payload = save(dict(tensors), metadata={"checksum": checksum(tensors)})
        if len(payload) > self.max_bytes or not self._is_writing:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._make_room(len(payload))
            self._put(self.path(key), payload)
        except OSError as error:
            self._is_writing = False
            LOG.warning("%s: features can no longer be written (%s); memory alone keeps them now", self.folder, error)

    def cool(self, key: str) -> None:
        """Ask the system to forget the file of a key, so that the next read is one of the disk; not all can."""
        if not hasattr(os, "posix_fadvise"):
            return
        # There is none where writing failed, which was said, or where another process made room.
        with contextlib.suppress(FileNotFoundError), self.path(key).open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def _put(self, path: Path, payload: bytes) -> None:
        # A name of its own for each writer: two processes that see the same picture at once do not meet.
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(payload)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _make_room(self, wanted: int) -> None:
        """Remove the least recently used files, and what killed writers left, until `wanted` bytes fit."""
        found: list[tuple[float, int, Path]] = []
        for entry in os.scandir(self.folder):
            # Another process may remove a file between the listing and this look at it.
            with contextlib.suppress(FileNotFoundError):
                if entry.name.endswith((SUFFIX, ".tmp")):
                    status = entry.stat()
                    found.append((status.st_mtime, status.st_size, Path(entry.path)))
        held = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if held + wanted <= self.max_bytes:
                return
            path.unlink(missing_ok=True)
            held -= size

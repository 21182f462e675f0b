"""Members of zip and tar files by their exact names; nothing is unpacked."""

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.row import shown
from seewhy.records.pictures import MAX_BYTES

DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, NotImplementedError, RuntimeError, zlib.error,
    lzma.LZMAError,
)  # fmt: skip
"""What the two libraries, and those that unpack for them, raise for damaged, encrypted and unknown archives."""


def require_roots(roots: Iterable[Path]) -> None:
    """Raise ValueError where a place in which pictures are looked for is neither a folder nor an archive."""
    for root in roots:
        if not root.exists():
            raise ValueError(f"--pictures {root}: no such file or folder")
        if not (root.is_dir() or _is_archive(root)):
            raise ValueError(f"--pictures {root} is neither a folder nor a whole zip or tar file; name the folder of "
                             "the pictures, or make the archive again")  # fmt: skip


def _is_archive(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)
    except DAMAGE:
        return False


class Archive:
    """A zip or tar file, told by its content; its list of members is read once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def close(self) -> None:
        """Close the file."""
        for name in ("_zip", "_tar"):
            opened = vars(self).get(name)
            if opened is not None:
                opened.close()

    def read(self, member: str, field: str) -> bytes:
        """The bytes of a member, at most one more than a picture may have.

        Raises:
            RowError: there is none of this name, it is no plain file, or the archive is damaged.
        """
        try:
            if self._zip is not None:
                return self._from_zip(self._zip, member, field)
            return self._from_tar(member, field)
        except DAMAGE as error:
            said = str(error).partition(":\n")[0]  # tarfile goes on with a line for each kind that it tried
            raise RowError(Reason.PICTURE, f"field {field!r}: {shown(member)} of {self.path} cannot be read ({said}); "
                           "make the archive again") from error  # fmt: skip

    def _from_zip(self, archive: zipfile.ZipFile, member: str, field: str) -> bytes:
        try:
            info = archive.getinfo(member)
        except KeyError as error:
            raise self._absent(member, field) from error
        with archive.open(info) as file:
            return file.read(MAX_BYTES + 1)

    def _from_tar(self, member: str, field: str) -> bytes:
        info = self._members.get(member)
        if info is None or not info.isfile():
            raise self._absent(member, field)
        file = self._tar.extractfile(info)
        assert file is not None
        with file:
            return file.read(MAX_BYTES + 1)

    def _absent(self, member: str, field: str) -> RowError:
        return RowError(Reason.PICTURE, f"field {field!r}: {self.path} has no file {shown(member)}; name it by its "
                        "whole path in the archive, or take the row out")  # fmt: skip

    @cached_property
    def _zip(self) -> zipfile.ZipFile | None:
        return zipfile.ZipFile(self.path) if zipfile.is_zipfile(self.path) else None

    @cached_property
    def _tar(self) -> tarfile.TarFile:
        return tarfile.open(self.path)

    @cached_property
    def _members(self) -> dict[str, tarfile.TarInfo]:
        return {info.name: info for info in self._tar}

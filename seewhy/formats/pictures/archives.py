"""Members of zip and tar files by their exact names; nothing is unpacked."""

import tarfile
import zipfile
from functools import cached_property
from pathlib import Path
from typing import IO

from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.row import shown
from seewhy.records.pictures import MAX_BYTES

DAMAGE = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, NotImplementedError, RuntimeError)
"""What the two libraries raise for damaged, encrypted and unknown archives."""


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
        """The bytes of a member.

        Raises:
            RowError: there is none of this name, it is no plain file, too large, or the archive is damaged.
        """
        try:
            if self._zip is not None:
                return self._from_zip(self._zip, member, field)
            return self._from_tar(member, field)
        except DAMAGE as error:
            raise RowError(Reason.PICTURE, f"field {field!r}: {shown(member)} of {self.path} cannot be read ({error}); "
                           "make the archive again") from error  # fmt: skip

    def _from_zip(self, archive: zipfile.ZipFile, member: str, field: str) -> bytes:
        try:
            info = archive.getinfo(member)
        except KeyError as error:
            raise self._absent(member, field) from error
        with archive.open(info) as file:
            return self._bounded(file, member, field)

    def _from_tar(self, member: str, field: str) -> bytes:
        info = self._members.get(member)
        if info is None or not info.isfile():
            raise self._absent(member, field)
        file = self._tar.extractfile(info)
        assert file is not None
        with file:
            return self._bounded(file, member, field)

    def _bounded(self, file: IO[bytes], member: str, field: str) -> bytes:
        found = file.read(MAX_BYTES + 1)
        if len(found) > MAX_BYTES:
            raise RowError(Reason.PICTURE, f"field {field!r}: {shown(member)} of {self.path} has more than "
                           f"{MAX_BYTES:,} bytes; take the row out")  # fmt: skip
        return found

    def _absent(self, member: str, field: str) -> RowError:
        return RowError(Reason.PICTURE, f"field {field!r}: {self.path} has no file {shown(member)}; members are named "
                        "by their whole path in the archive")  # fmt: skip

    @cached_property
    def _zip(self) -> zipfile.ZipFile | None:
        return zipfile.ZipFile(self.path) if zipfile.is_zipfile(self.path) else None

    @cached_property
    def _tar(self) -> tarfile.TarFile:
        return tarfile.open(self.path)

    @cached_property
    def _members(self) -> dict[str, tarfile.TarInfo]:
        return {info.name: info for info in self._tar}

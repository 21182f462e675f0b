"""Pictures beside the rows that are written: each once, under its hash, its bytes unchanged."""

from collections import OrderedDict
from pathlib import Path

from seewhy.benchmarks.release.pictures import keep_bytes
from seewhy.formats.rows.example import Picture

KEPT = 65_536
"""Hashes that are known to be on disk."""
FOLDER = "images"


class PictureStore:
    """Keeps pictures as `images/<two digits>/<hash>.<suffix>` below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self._placed: OrderedDict[str, str] = OrderedDict()

    def place(self, picture: Picture) -> str:
        """The path of a picture from the folder on; it is there when this returns.

        Raises:
            OSError: it cannot be written, or a link stands where its folder should.
        """
        known = self._placed.get(picture.sha256)
        if known is not None:
            return known
        self._refuse_links(picture.sha256[:2])
        kept = keep_bytes(self.folder, picture.content(), picture.suffix)
        if kept.sha256 != picture.sha256:
            raise OSError(f"{picture.path} changed while it was read; run the same command again")
        name = Path(kept.path).relative_to(self.folder).as_posix()
        self.count += 1
        self._placed[picture.sha256] = name
        if len(self._placed) > KEPT:
            self._placed.popitem(last=False)
        return name

    def _refuse_links(self, prefix: str) -> None:
        for place in (self.folder / FOLDER, self.folder / FOLDER / prefix):
            if place.is_symlink():
                raise OSError(f"{place} is a symbolic link, and nothing is written through one; take it away")

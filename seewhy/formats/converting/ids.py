"""Ids that were seen, on disk beside what is written, so that memory does not grow with their number."""

import hashlib
import sqlite3
from pathlib import Path
from types import TracebackType

from seewhy.formats.rows.faults import Reason, RowError

CACHE_KIB = 16_384


class SeenIds:
    """A context that knows what each id stood for; its file is removed at the end.

    Args:
        path: of the file; it must not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> "SeenIds":
        self._path.unlink(missing_ok=True)
        self._base = sqlite3.connect(self._path, isolation_level=None)
        for setting in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", f"cache_size=-{CACHE_KIB}"):
            self._base.execute(f"PRAGMA {setting}")
        self._base.execute("CREATE TABLE seen (id BLOB PRIMARY KEY, content BLOB, place TEXT) WITHOUT ROWID")
        self._base.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()
        self._path.unlink(missing_ok=True)

    def is_new(self, kind: str, name: str, content: str, place: str) -> bool:
        """Whether an id was not seen; False where it was, with equal content.

        Raises:
            RowError: it was seen with other content; the message names the other row.
        """
        key, held = _digest(f"{kind}\0{name}"), _digest(content)
        row = self._base.execute("SELECT content, place FROM seen WHERE id = ?", (key,)).fetchone()
        if row is None:
            self._base.execute("INSERT INTO seen VALUES (?, ?, ?)", (key, held, place))
            return True
        if row[0] != held:
            raise RowError(Reason.TWICE, f"the id {name!r} is that of {row[1]} too, which says something else; give it "
                           "an id of its own, or take ids from content with --ids content")  # fmt: skip
        return False


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()

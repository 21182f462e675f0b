"""Rows that units without a recipe follow from, by the file beside each; questions of an own file as rows."""

from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

from seewhy.records.shards import shard_numbers, write_shard
from seewhy.records.types import Question
from seewhy.runs.outside import hash_input, is_questions_file, read_questions
from seewhy.runs.plan_file import rows_behind


class Outside:
    """Where rows are from, as it is now."""

    def __init__(self) -> None:
        self._scratch: Path | None = None
        self._written: dict[Path, str] = {}
        """The content of own files, by their hash, when their questions were written as rows."""

    def look_again(self) -> None:
        """Write questions anew whose own file has changed."""
        for place in list(self._written):
            self.rows_at(place)

    def behind(self, folder: Path, record: str) -> Path | None:
        """The folder of the rows of a record from which those in `folder` follow; None where that is not known.

        Rows that have changed since are not those: None as well. Questions of an own file are written as rows first.
        """
        try:
            found = rows_behind(folder, record, hash_input)
        except (ValueError, OSError):
            return None
        return self.rows_at(found) if found else None

    def rows_at(self, place: Path) -> Path | None:
        """A folder of rows as it is, and questions of an own file as rows; None where they cannot be read."""
        try:
            return self._as_rows(place)
        except (ValueError, OSError):
            return None

    def _as_rows(self, place: Path) -> Path | None:
        if place.is_dir() and shard_numbers(place):
            return place
        if not is_questions_file(place):
            return None
        if self._scratch is None:
            self._scratch = Path(mkdtemp(prefix="seewhy-view-"))
            finalize(self, rmtree, self._scratch, ignore_errors=True)
        folder, content = self._scratch / sha256(str(place).encode()).hexdigest()[:16] / place.name, hash_input(place)
        if self._written.get(place) != content:
            questions = read_questions(place, folder.parent)
            folder.mkdir(parents=True, exist_ok=True)
            write_shard(folder, 0, questions, Question)
            self._written[place] = content
        return folder

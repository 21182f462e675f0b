"""Rows that units without a recipe follow from, by the file beside each; questions of an own file as rows."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

from seewhy.records.shards import shard_numbers, write_shard
from seewhy.records.types import Question
from seewhy.runs.outside import hash_input, is_questions_file, read_questions
from seewhy.runs.plan_file import PLAN, rows_behind

Stamp = tuple[str, str, float]


class Outside:
    """Where rows are from, found once for each folder and what it holds."""

    def __init__(self) -> None:
        self._scratch: Path | None = None
        self._behind: dict[Stamp, Path | None] = {}
        self._hash = lru_cache(maxsize=None)(hash_input)

    def behind(self, folder: Path, record: str) -> Path | None:
        """The folder of the rows of a record from which those in `folder` follow; None where that is not known.

        Rows that have changed since are not those: None as well. Questions of an own file are written as rows first.
        """
        plan = folder / PLAN
        stamp = (str(folder), record, plan.stat().st_mtime if plan.is_file() else 0.0)
        if stamp not in self._behind:
            try:
                found = rows_behind(folder, record, self._hash)
                self._behind[stamp] = self._as_rows(found) if found else None
            except (ValueError, OSError):
                self._behind[stamp] = None
        return self._behind[stamp]

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
        folder = self._scratch / sha256(str(place).encode()).hexdigest()[:16] / place.name
        if folder.is_dir():
            return folder
        questions = read_questions(place, folder.parent)
        folder.mkdir(parents=True, exist_ok=True)
        write_shard(folder, 0, questions, Question)
        return folder

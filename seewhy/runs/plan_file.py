"""`_plan.json` of a unit's folder: what its rows follow from, and where that was read."""

import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from seewhy.records.files import write_text_atomically

PLAN = "_plan.json"
SOURCES = "sources"
"""The key that no fingerprint holds: a folder may be moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows that a unit has read.

    Example:
        >>> Source(field="questions", record="Question", path="../questions", absolute="/data/questions",
        ...        sha256="9f").record
        'Question'
    """

    field: str
    record: str
    """Name of their record."""
    path: str
    """Relative to the folder of the rows that follow from them."""
    absolute: str
    sha256: str
    """Of their content when they were read."""

    def places(self, folder: Path) -> tuple[Path, Path]:
        """Where they may be now: as seen from the folder, and where they were."""
        return Path(os.path.abspath(folder / self.path)), Path(self.absolute)


def source_of(field: str, record: str, place: Path, folder: Path, sha256: str) -> Source:
    """Rows at `place`, read for those in `folder`."""
    absolute = Path(os.path.abspath(place))
    return Source(field=field, record=record, path=os.path.relpath(absolute, folder), absolute=str(absolute),
                  sha256=sha256)  # fmt: skip


def read_plan(folder: Path) -> dict[str, object] | None:
    """What the rows of a folder follow from; None where nothing is written about it.

    Raises:
        ValueError: the file is damaged.
    """
    path = folder / PLAN
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): delete it, and the unit is made anew") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} is damaged (no JSON object): delete it, and the unit is made anew")
    return cast(dict[str, object], found)


def write_plan(folder: Path, plain: Mapping[str, object], sources: Sequence[Source]) -> None:
    """Write the file; the first one of a unit."""
    whole = {**plain, SOURCES: [asdict(source) for source in sources]}
    write_text_atomically(folder / PLAN, json.dumps(whole, indent=2, ensure_ascii=False) + "\n")


def rows_behind(place: Path, record: str, hash_of: Callable[[Path], str]) -> Path | None:
    """The nearest rows of a record from which those at `place` follow, by the files beside them.

    Args:
        place: a folder of rows, or a file.
        record: name of the record that is wanted.
        hash_of: SHA-256 of the content of rows.

    Returns:
        Where they are; None where no file says what the rows follow from.

    Raises:
        ValueError: they are not there any more, or hold something else than when they were read.
    """
    waiting, seen = deque([place]), set[Path]()
    while waiting:
        folder = waiting.popleft()
        folder = folder if folder.is_dir() else folder.parent
        if folder in seen:
            continue
        seen.add(folder)
        sources = list(_sources(folder))
        wanted = next((source for source in sources if source.record == record), None)
        if wanted is not None:
            return _find(wanted, folder, hash_of)
        waiting += [found for source in sources for found in source.places(folder) if found.exists()]
    return None


def _sources(folder: Path) -> Iterator[Source]:
    found: Any = (read_plan(folder) or {}).get(SOURCES, [])
    for one in found:
        yield Source(**one)


def _find(source: Source, folder: Path, hash_of: Callable[[Path], str]) -> Path:
    there = [place for place in source.places(folder) if place.exists()]
    for place in there:
        if hash_of(place) == source.sha256:
            return place
    changed = f"{there[0]} has changed since" if there else f"{source.absolute} is not there any more"
    raise ValueError(f"{folder} follows from rows of {source.record}, and {changed}; bring them back, or name others")

"""Your own questions: JSON Lines, JSON, CSV, TSV, Parquet or a saved data set, every row checked before any is taken.

`docs/your-questions.md` shows the fields of a row.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from seewhy.benchmarks.lines.cells import bytes_of
from seewhy.benchmarks.lines.fields import names_text, pictures_of, question_of
from seewhy.benchmarks.release.faults import require_none
from seewhy.benchmarks.release.own_files import Line, OwnFiles, numbered
from seewhy.benchmarks.release.pictures import Picture, look, see
from seewhy.records.types import ImageRef, Question, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a file: its question, and the pictures that it names or holds."""

    place: str
    """File and line, as `mine.jsonl:3`."""
    question: Question
    pictures: tuple[Picture, ...]


def load(
    root: Path, split: Split, *, count: int, seed: int = 0, first: int = 0, pictures: Path | None = None
) -> Iterator[Question]:
    """At most `count` questions of a split from number `first` on, in the order of the file, whatever the seed.

    `root` is a file, a folder of one file a split (`train.csv`, `val.parquet`, ...), or what `save_to_disk` of
    `datasets` wrote. Pictures in files stay where they are and are known by the hash of their bytes; those in tables
    are written under `pictures/images`.

    Raises:
        ValueError: rows that are not as they must be, each with its line, its field and the remedy; or an empty split.
    """
    del seed
    rows, faults = _read(root)
    mine = [row for row in rows if row.question.split is split]
    questions, unreadable = _see(mine[first : first + count], pictures)
    require_none([*faults, *unreadable])
    if not mine:
        there = ", ".join(f"{number} of {name}" for name, number in sizes(root).items() if number) or "none at all"
        raise ValueError(
            f"{root} has no question in its {split.value} split (it has {there}): add some, or ask for none "
            f"where the run can do without: --{split.value} 0 of the stage, --questions.{split.value} 0 of a recipe"
        )
    return iter(questions)


def load_all(root: Path, pictures: Path | None = None) -> list[Question]:
    """All questions, split by split; those of a file that names none are test questions. Errors as in `load`."""
    rows, faults = _read(root, Split.TEST)
    order = list(Split)
    questions, unreadable = _see(sorted(rows, key=lambda row: order.index(row.question.split)), pictures)
    require_none([*faults, *unreadable])
    return questions


def sizes(root: Path) -> dict[Split, int]:
    """How many rows each split has; errors as in `load`, pictures apart."""
    rows, faults = _read(root)
    require_none(faults)
    counts = Counter(row.question.split for row in rows)
    return {split: counts[split] for split in Split}


def files(root: Path) -> tuple[Path, ...]:
    """The files that hold the rows.

    Raises:
        ValueError: there is none, or a folder holds one that is named after no split.
    """
    return tuple(path for path, _ in OwnFiles(root).files)


def notes(root: Path) -> list[str]:
    """What a reader should know of the files: columns that are left out, cells that read `nan`."""
    return OwnFiles(root).notes()


def _read(root: Path, default: Split | None = None) -> tuple[list[Row], list[str]]:
    """All rows that are whole, and what is wrong with the others."""
    lines = list(numbered(OwnFiles(root).lines()))
    by_letter = not any(names_text(line.fields) for line in lines)
    faults = [(line.place, _fault(line, line.fault)) for line in lines if line.fault]
    names_split = any("split" in line.fields for line in lines)
    rows: dict[str, Row] = {}
    for line in lines:
        if line.fault:
            continue
        try:
            row = _row(replace(line, given=line.given or (None if names_split else default)), by_letter=by_letter)
            _require_new(row, rows)
        except ValueError as error:
            faults.append((line.place, _fault(line, error)))
        else:
            rows[row.question.id] = row
    return list(rows.values()), [fault for _, fault in sorted(faults)]


def _fault(line: Line, error: object) -> str:
    return f"{line.path}:{line.place[1]}: {error}"


def _row(line: Line, *, by_letter: bool) -> Row:
    words, pictures = _apart(line)
    question = question_of(words, line.given, by_letter=by_letter)
    named = tuple(Picture(field="images", path=line.path.parent / name) for name in pictures_of(words))
    return Row(place=f"{line.path}:{line.place[1]}", question=question, pictures=named or pictures)


def _apart(line: Line) -> tuple[Mapping[str, object], tuple[Picture, ...]]:
    """The fields without pictures that the row itself holds, and these."""
    name = next((one for one in ("image", "images") if line.fields.get(one) is not None), "")
    if not name:
        return line.fields, ()
    cells = line.fields[name]
    listed = cells if isinstance(cells, list) else [cells]
    if not any(isinstance(cell, bytes | Mapping) for cell in listed):
        return line.fields, ()
    pictures = tuple(_held(line, name, cell) for cell in listed)
    return {key: value for key, value in line.fields.items() if key != name}, pictures


def _held(line: Line, name: str, cell: object) -> Picture:
    """The picture of a cell: bytes, the Hub's `{"bytes", "path"}`, or a path."""
    content, path = bytes_of(cell)
    if content:
        return Picture(field=name, payload=content, place=f"{line.path}:{line.place[1]}#{name}")
    path = path or (cell if isinstance(cell, str) else "")
    if not path:
        raise ValueError(f"field {name!r} must hold a picture or its path, and is {cell!r:.80}")
    return Picture(field=name, path=line.path.parent / path)


def _require_new(row: Row, rows: Mapping[str, Row]) -> None:
    name = row.question.id
    if name in rows:
        raise ValueError(f"field 'id': {name!r} is the id of {rows[name].place} too; ids are unique over all splits")


def _see(rows: Sequence[Row], folder: Path | None) -> tuple[list[Question], list[str]]:
    """The questions with their pictures, each decoded once, and what is wrong with the pictures."""
    view = look if folder is None else partial(see, folder=folder)
    seen: dict[Path | bytes | None, ImageRef | str] = {}
    questions: list[Question] = []
    faults: list[str] = []
    for row in rows:
        keys = [picture.payload or picture.path for picture in row.pictures]
        for key, picture in zip(keys, row.pictures, strict=True):
            if key not in seen:
                try:
                    seen[key] = view(picture)
                except ValueError as error:
                    seen[key] = str(error)
        found = [seen[key] for key in keys]
        faults += [f"{row.place}: {fault}" for fault in found if isinstance(fault, str)]
        images = tuple(image for image in found if isinstance(image, ImageRef))
        questions.append(replace(row.question, images=images))
    return questions, faults

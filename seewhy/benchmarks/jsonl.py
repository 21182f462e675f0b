"""Your own questions: a JSON Lines file, or a folder of one file a split, every row checked before any is taken.

`docs/your-questions.md` shows the fields of a row.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seewhy.benchmarks.lines.fields import fields_of, names_text, pictures_of, question_of
from seewhy.benchmarks.release.faults import require_none
from seewhy.benchmarks.release.pictures import see_file
from seewhy.records.types import ImageRef, Question, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the file: its question, and the pictures that it names."""

    place: str
    """File and line, as `mine.jsonl:3`."""
    question: Question
    pictures: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that is a JSON object, before its fields are checked."""

    path: Path
    place: tuple[int, int]
    """Number of the file, from 0, and of the line in it, from 1."""
    fields: Mapping[str, object]
    given: Split | None
    """The split that the file is named after."""


def load(root: Path, split: Split, *, count: int, seed: int = 0, first: int = 0) -> Iterator[Question]:
    """At most `count` questions of a split from number `first` on, in the order of the file, whatever the seed.

    `root` is the file, or a folder of `train.jsonl`, `validation.jsonl`, `test.jsonl` and perhaps `shifted.jsonl`.
    Pictures stay where they are and are known by the hash of their bytes.

    Raises:
        ValueError: rows that are not as they must be, each with its line, its field and the remedy; or an empty split.
    """
    del seed
    rows, faults = _read(root)
    mine = [row for row in rows if row.question.split is split]
    questions, unreadable = _see(mine[first : first + count])
    require_none([*faults, *unreadable])
    if not mine:
        there = ", ".join(f"{number} of {name}" for name, number in sizes(root).items() if number) or "none at all"
        raise ValueError(
            f"{root} has no question in its {split.value} split (it has {there}): add some, or, where the recipe "
            f"can do without them, set --questions.{split.value} 0"
        )
    return iter(questions)


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
    if root.is_file():
        return (root,)
    if not root.is_dir():
        raise ValueError(f"{root}: no such file or folder; give your questions with --questions.source")
    found = tuple(sorted(root.glob("*.jsonl")))
    names = [f"{split.value}.jsonl" for split in Split]
    for path in found:
        if path.name not in names:
            raise ValueError(f"{path}: a folder's files are called {', '.join(names)}; rename it, or move it away")
    if not found:
        raise ValueError(f"{root} holds none of {', '.join(names)}")
    return found


def _read(root: Path) -> tuple[list[Row], list[str]]:
    """All rows that are whole, and what is wrong with the others."""
    lines, faults = _lines(root)
    by_letter = not any(names_text(line.fields) for line in lines)
    rows: dict[str, Row] = {}
    for line in lines:
        try:
            row = _row(line, by_letter=by_letter)
            _require_new(row, rows)
        except ValueError as error:
            faults.append((line.place, f"{line.path}:{line.place[1]}: {error}"))
        else:
            rows[row.question.id] = row
    return list(rows.values()), [fault for _, fault in sorted(faults)]


def _lines(root: Path) -> tuple[list[Line], list[tuple[tuple[int, int], str]]]:
    """The lines that are objects, and what is wrong with the others by the number of file and line."""
    found: list[Line] = []
    faults: list[tuple[tuple[int, int], str]] = []
    for file, path in enumerate(files(root)):
        given = None if root.is_file() else Split(path.stem)
        for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
            if not line.strip(b"\xef\xbb\xbf \t\r"):
                continue
            try:
                found.append(Line(path=path, place=(file, number), fields=fields_of(line), given=given))
            except ValueError as error:
                faults.append(((file, number), f"{path}:{number}: {error}"))
    return found, faults


def _row(line: Line, *, by_letter: bool) -> Row:
    question = question_of(line.fields, line.given, by_letter=by_letter)
    pictures = tuple(line.path.parent / name for name in pictures_of(line.fields))
    return Row(place=f"{line.path}:{line.place[1]}", question=question, pictures=pictures)


def _require_new(row: Row, rows: Mapping[str, Row]) -> None:
    name = row.question.id
    if name in rows:
        raise ValueError(f"field 'id': {name!r} is the id of {rows[name].place} too; ids are unique over all splits")


def _see(rows: Sequence[Row]) -> tuple[list[Question], list[str]]:
    """The questions with their pictures, each decoded once, and what is wrong with the pictures."""
    seen: dict[Path, ImageRef | str] = {}
    questions: list[Question] = []
    faults: list[str] = []
    for row in rows:
        for path in row.pictures:
            if path not in seen:
                seen[path] = _picture(path)
        found = [seen[path] for path in row.pictures]
        faults += [f"{row.place}: {fault}" for fault in found if isinstance(fault, str)]
        images = tuple(image for image in found if isinstance(image, ImageRef))
        questions.append(replace(row.question, images=images))
    return questions, faults


def _picture(path: Path) -> ImageRef | str:
    """The picture, or what is wrong with it."""
    try:
        return see_file(path, "images")
    except ValueError as error:
        return str(error)

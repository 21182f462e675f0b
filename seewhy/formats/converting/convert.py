"""Files of one format to files of another: good rows are written, bad ones counted and, where that is wanted, kept."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seewhy.formats.api import Format, Source, Written
from seewhy.formats.converting.ids import SeenIds
from seewhy.formats.converting.reading import Found, ReadPlan, Tally, read_sources
from seewhy.formats.converting.writing import OwnWriter, TableWriter, TextWriter, Writer
from seewhy.formats.pictures.store import FOLDER as PICTURES
from seewhy.formats.pictures.store import PictureStore
from seewhy.formats.rows.example import Example, Kind, Picture
from seewhy.formats.rows.faults import Reason, RowError, unheld
from seewhy.formats.rows.raw import FileKind, RawRow
from seewhy.formats.seewhy import Seewhy
from seewhy.formats.talk.keys import row_key
from seewhy.records.canonical import hash_json
from seewhy.records.collecting import RareCollection
from seewhy.records.files import write_text_atomically
from seewhy.records.json_object import read_object

MOST_FAULTS = 20
"""Faults that are listed where the first already refuses the file."""
TOLD = 3
"""First rows of the most frequent faults that are listed where no row is left."""
BAD = "_bad.jsonl"
REPORT = "_convert.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is written, and where."""

    format: Format
    folder: Path
    name: str
    """Of the file of rows, without its ending."""
    is_file: bool = False
    """Whether the user named the file, in a folder that may hold others."""
    skip_bad: bool = False
    take: str = "all"
    """What of a row is written: `chosen` makes a lesson of a pair, `pairs` makes pairs of a group's picks, `replies` a
    lesson of each of its replies, `question` leaves replies away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What was written."""

    tally: Tally
    files: Sequence[Written]
    pictures: int


class OutShelf:
    """Pictures of written rows."""

    def __init__(self, folder: Path) -> None:
        self.store = PictureStore(folder)

    def path(self, picture: Picture) -> str:
        return self.store.place(picture)

    def cell(self, picture: Picture) -> dict[str, object]:
        return {"bytes": picture.content(), "path": f"{picture.sha256}.{picture.suffix}"}


def convert(sources: Sequence[Source], plan: ReadPlan, target: Target) -> Converted:
    """Write all rows of the sources in another format.

    Raises:
        ValueError: rows are refused and `skip_bad` is not set, or none is left; nothing is left behind then, but
            pictures in a folder of pictures that was there.
        OSError: it could not be written.
    """
    _require_room(target)
    there = frozenset(os.listdir(target.folder)) if target.folder.exists() else None
    target.folder.mkdir(parents=True, exist_ok=True)
    try:
        with RareCollection(), SeenIds(target.folder / f".{target.name}.ids") as ids:
            return _convert(sources, plan, target, ids)
    except BaseException:
        _clean(target, there)
        raise


def _require_room(target: Target) -> None:
    folder = target.folder
    if folder.is_symlink():
        raise ValueError(f"{folder} is a symbolic link, and nothing is written through one; name the folder itself")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; name a folder")
    if not target.is_file and folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} holds files already; name a new folder, or empty this one")
    file = folder / f"{target.name}{target.format.layout.suffix}"
    if target.is_file and (file.exists() or file.is_symlink()):
        raise ValueError(f"{file} is there already; name another file, or take it away")
    for name in target.format.beside(target.name, ()):
        _beside(folder / name)


def _clean(target: Target, there: frozenset[str] | None) -> None:
    """Take away what was written; `there` is what the folder held before, None where there was no folder."""
    if there is None:
        shutil.rmtree(target.folder, ignore_errors=True)
        return
    for path in list(target.folder.iterdir()):
        is_ours = path.name.startswith(f".{target.name}") or path.name == PICTURES
        if path.name in there or (target.is_file and not is_ours):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _convert(sources: Sequence[Source], plan: ReadPlan, target: Target, ids: SeenIds) -> Converted:
    shelf, writer, bad = OutShelf(target.folder), _writer(target, ids), _BadRows(target)
    try:
        tally = _write_all(sources, plan, target, ids, shelf, writer, bad)
        files = writer.close()
    except BaseException:
        writer.abandon()
        raise
    for name, content in target.format.beside(target.name, files).items():
        _write_beside(target.folder / name, content)
    bad.close()
    if not target.is_file:
        text = json.dumps(tally.as_json(), indent=2, ensure_ascii=False) + "\n"
        write_text_atomically(target.folder / REPORT, text)
    return Converted(tally=tally, files=files, pictures=shelf.store.count)


def _write_all(
    sources: Sequence[Source], plan: ReadPlan, target: Target, ids: SeenIds, shelf: OutShelf, writer: Writer,
    bad: "_BadRows",
) -> Tally:  # fmt: skip
    tally = Tally()
    for found in read_sources(sources, plan, tally):
        fault = found.fault or _written(found, target, writer, shelf, ids, tally)
        if fault is not None:
            tally.refuse(found.raw.place, fault, found.raw.count)
            bad.take(found.raw, fault)
            if not target.skip_bad and tally.bad >= MOST_FAULTS:
                break
    if tally.bad and not target.skip_bad:
        raise ValueError(bad.words(tally))
    if not tally.written:
        first = "".join(f"\n{words}" for words in list(tally.first.values())[:TOLD])
        drawn = "none is of the share that `repeat_time` takes of their set; take more of it" if tally.undrawn else ""
        why = _reasons(tally) or drawn or "the files have none; write them again"
        raise ValueError(f"no row is left of {tally.read:,}: {why}{first}")
    return tally


def _writer(target: Target, ids: SeenIds) -> Writer:
    if isinstance(target.format, Seewhy):
        return OwnWriter(target.folder, ids)
    kind = TableWriter if target.format.layout.kind is FileKind.PARQUET else TextWriter
    return kind(target.folder, target.name, target.format.layout)


def _written(
    found: Found, target: Target, writer: Writer, shelf: OutShelf, ids: SeenIds, tally: Tally
) -> RowError | None:
    """Write a good row as often as it is taken; the fault where the format cannot hold it."""
    assert found.example is not None
    example, place = found.example, found.raw.place
    try:
        rows = [_formed(one, target, shelf) for one in taken(example, target.take)]
        if example.name and not ids.is_new("row", example.name, row_key(example), place):
            tally.repeated += 1
        wanted = [row for row in rows * found.times if _is_new(row, target.format, ids, place)]
        for row in wanted:
            writer.write(row, place)
    except RowError as fault:
        return fault
    tally.kept += 1
    tally.undrawn += not found.times
    tally.written += len(wanted)
    if len(wanted) < len(rows) * found.times:
        tally.notes[f"asked once, though several rows ask it: {target.format.title} takes each id once"] += 1
    tally.placed += example.is_placed
    for note in _notes(example, target.format):
        tally.notes[note] += 1
    return None


def _is_new(row: Mapping[str, object], written: Format, ids: SeenIds, place: str) -> bool:
    """False for a row that was written already, where the format takes each of its ids once.

    Raises:
        RowError: another row with its id was.
    """
    name = written.unique(row)
    return not name or ids.is_new("written", name, hash_json(row), place)


def _formed(example: Example, target: Target, shelf: OutShelf) -> Mapping[str, object]:
    if example.kind not in target.format.holds:
        raise RowError(Reason.UNHELD, _other_kind(example.kind, target.format))
    return target.format.form(example, shelf)


def _notes(example: Example, written: Format) -> Iterator[str]:
    if (remark := written.remark(example)) != "":
        yield remark
    if not isinstance(written, Seewhy) and any(reply.token_ids is not None for reply in example.replies):
        yield "token ids of sampled replies are left out: the format has no field for them"


def _other_kind(kind: Kind, written: Format) -> str:
    held = " and ".join(f"{one.value}s" for one in written.holds)
    ways = {
        Kind.PAIR: "--take chosen or --take question", Kind.LESSON: "--take question",
        Kind.GROUP: "--take pairs, --take replies or --take question",
    }  # fmt: skip
    way = f", or say what is taken with {ways[kind]}" if kind in ways else ""
    return f"it is a {kind.value}, and {written.title} holds {held}: choose another format{way}"


def taken(example: Example, take: str) -> list[Example]:
    """What is written of a row: all of it, its chosen reply or each reply as a lesson, its picked pairs, its question.

    Raises:
        RowError: it is a group without picks, and pairs are wanted.
    """
    if take == "chosen" and example.kind is Kind.PAIR:
        return [replace(example, kind=Kind.LESSON, replies=example.replies[:1], rejected_prompt=None, margin=None)]
    if take == "pairs" and example.kind is Kind.GROUP:
        if not example.picks:
            raise unheld("no pairs were drawn among its replies", "draw some with `seewhy rank`, or leave it out")
        return [_picked(example, *pick) for pick in example.picks]
    if take == "replies" and example.kind is Kind.GROUP:
        return [replace(example, kind=Kind.LESSON, replies=(reply,), picks=()) for reply in example.replies]
    if take == "question":
        bare = replace(example, kind=Kind.QUESTION, replies=(), rejected_prompt=None, margin=None)
        return [replace(bare, source="", stream="", weight=1.0, picks=())]
    return [example]


def _picked(example: Example, chosen: int, rejected: int, weight: float) -> Example:
    sides = example.replies[chosen], example.replies[rejected]
    scores = [side.score for side in sides if side.score is not None]
    margin = scores[0] - scores[1] if len(scores) == len(sides) else None
    return replace(example, kind=Kind.PAIR, replies=sides, margin=margin, weight=weight, picks=())


def _beside(path: Path) -> Mapping[str, object]:
    """The JSON object that is beside the rows already."""
    return read_object(path, "mend it, or name another folder") if path.is_file() else {}


def _write_beside(path: Path, content: Mapping[str, object]) -> None:
    """A JSON object beside the rows; of one that is there, other keys stay."""
    write_text_atomically(path, json.dumps({**_beside(path), **content}, indent=2, ensure_ascii=False) + "\n")


def _reasons(tally: Tally) -> str:
    return "; ".join(f"{reason}: {count:,}" for reason, count in tally.reasons.most_common())


class _BadRows:
    """Rows that were refused: counted, and written beside the good ones."""

    def __init__(self, target: Target) -> None:
        name = f"{target.name}{BAD}" if target.is_file else BAD
        self._path = target.folder / name
        self._hidden = target.folder / f".{target.name}{BAD}"
        self._target = target
        self._told: list[str] = []
        self._count = 0

    def take(self, raw: RawRow, fault: RowError) -> None:
        """Remember a row."""
        self._count += 1
        if len(self._told) < MOST_FAULTS:
            self._told.append(f"{raw.place}: {fault}")
        if self._target.skip_bad:
            record = {"place": raw.place, "reason": fault.reason.value, "fault": str(fault), "row": raw.as_text()}
            with self._hidden.open("ab") as file:
                file.write(json.dumps(record, ensure_ascii=True).encode() + b"\n")

    def words(self, tally: Tally) -> str:
        """All that is wrong, for the error of a file that is refused."""
        more = f" (the first {self._count:,}; there may be more)" if tally.bad >= MOST_FAULTS else ""
        lines = "\n".join(self._told)
        told = "1 row is refused" if tally.bad == 1 else f"{tally.bad:,} rows are refused{more}"
        return f"{told}; mend what is named, or keep the others with --skip-bad:\n{lines}"

    def close(self) -> None:
        """Give the file of bad rows its name."""
        if self._hidden.is_file():
            self._hidden.replace(self._path)

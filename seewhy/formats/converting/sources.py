"""What is read: the files of a place, each with the one format that recognises it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from seewhy.formats.api import Format, Source
from seewhy.formats.rows.faults import RowError
from seewhy.formats.rows.listed import read_list
from seewhy.formats.rows.packed import PACKED, open_bytes
from seewhy.formats.rows.raw import (
    MAX_OBJECT,
    FileKind,
    RawRow,
    decoded_row,
    kind_of,
    read_lines,
    read_object,
)
from seewhy.formats.rows.tables import read_arrow, read_parquet

ENDINGS = (".parquet", ".arrow", *(one + packed for one in (".jsonl", ".json", ".ndjson") for packed in PACKED))
"""Of files that are looked at in a folder; a file that is named may have any ending."""
LISTS = ("meta.json", "dataset_info.json")
"""Files that list files: where a folder has one, it says what is read."""
ABOUT = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
"""Files that `datasets` writes beside rows, which say nothing that is read."""
HEAD_ROWS = 20
"""Rows that are looked at for one that can be read, to tell the format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The formats that there are, and the one that was asked for by name."""

    formats: Mapping[str, Format]
    forced: str = ""

    def choose(self, fields: Mapping[str, object], place: str) -> Format:
        """The format of a row.

        Raises:
            ValueError: none recognises it, or several do.
        """
        if self.forced:
            return self.formats[self.forced]
        found = [name for name, one in self.formats.items() if one.recognises(fields)]
        if len(found) == 1:
            return self.formats[found[0]]
        there = ", ".join(fields) or "no field"
        if found:
            raise ValueError(f"{place} could be {' or '.join(found)} (it has {there}); say which with --from NAME")
        known = "\n".join(f"  {name}: {one.columns}" for name, one in self.formats.items())
        raise ValueError(f"{place} is of no format that is known (it has {there}). Formats are known by these fields; "
                         f"rename the columns, or name one with --from NAME:\n{known}")  # fmt: skip


def read_raw(path: Path) -> Iterator[RawRow]:
    """The rows of a file, whatever it is called.

    Raises:
        ValueError: the file as a whole cannot be read.
    """
    kind = kind_of(path)
    readers = {
        FileKind.LINES: read_lines, FileKind.OBJECT: _read_one, FileKind.LIST: read_list,
        FileKind.PARQUET: read_parquet, FileKind.ARROW: read_arrow,
    }  # fmt: skip
    return readers[kind](path)


def _read_one(path: Path) -> Iterator[RawRow]:
    with open_bytes(path) as file:
        text = file.read(MAX_OBJECT).decode("utf-8-sig")
    try:
        return iter([RawRow(place=f"{path}:1", fields=decoded_row(text), text=text)])
    except RowError as fault:
        return iter([RawRow(place=f"{path}:1", fault=fault, text=text)])


def sources_of(place: Path, known: Known) -> list[Source]:
    """The files of a place, in the order of their names, with their format.

    Raises:
        ValueError: there is none, one cannot be read, or no format or more than one recognises it.
    """
    files = _files(place)
    found = [source for file in files for source in _sources_in(file, place, known)]
    found = found or [source for file in _rows_of(place) for source in _sources_in(file, place, known)]
    kinds = {type(source.reader) for source in found}
    if len(kinds) > 1:
        first = {type(source.reader): source for source in reversed(found)}
        named = ", ".join(f"{one.path} is {one.reader.title}" for one in first.values())
        raise ValueError(f"{place} holds files of several formats ({named}); convert each by itself")
    return found


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise ValueError(f"{place}: no such file or folder")
    lists = [place / name for name in LISTS if (place / name).is_file()]
    return lists or _rows_of(place)


def _rows_of(place: Path) -> list[Path]:
    """The files of rows of a folder that has no list of them."""
    shards = sorted(place.glob("part-*.parquet"))
    found = shards or sorted(_below(place))
    if not found:
        raise ValueError(f"{place} holds no file of rows (.parquet, .arrow, .jsonl, .json or .ndjson; text perhaps "
                         f"packed as {', '.join(PACKED[1:])}); name the file itself")  # fmt: skip
    return found


def _below(place: Path) -> Iterable[Path]:
    for path in place.rglob("*"):
        names = path.relative_to(place).parts
        if any(name.startswith((".", "_")) for name in names) or not path.is_file():
            continue
        if path.name.endswith(ENDINGS) and path.name not in ABOUT:
            yield path


def _sources_in(file: Path, place: Path, known: Known) -> Sequence[Source]:
    root = place if place.is_dir() else file.parent
    if file.name in LISTS or kind_of(file) is FileKind.OBJECT:
        claimed = _claimed(file, known)
        if claimed or (file.name in ABOUT and place.is_dir()):
            return claimed
    root = root if file.parent == root else file.parent
    if known.forced:
        return [Source(path=file, reader=known.formats[known.forced], root=root)]
    head = [row for row in islice(read_raw(file), HEAD_ROWS) if row.fault is None]
    if not head:
        first = next(iter(read_raw(file)), None)
        if first is None:
            raise ValueError(f"{file} has no rows; write it again, or take it away")
        raise ValueError(f"{first.place}: {first.fault}; none of the first {HEAD_ROWS} rows can be read")
    reader = known.choose(head[0].fields, head[0].place)
    return [Source(path=file, reader=reader, root=root)]


def _claimed(file: Path, known: Known) -> Sequence[Source]:
    found = read_object(file)
    claims = {name: one.claims(file, found) for name, one in known.formats.items() if known.forced in ("", name)}
    filled = {name: sources for name, sources in claims.items() if sources}
    if len(filled) > 1:
        raise ValueError(f"{file} could be a list of {' or '.join(filled)}; say which with --from NAME")
    if known.forced and not filled:
        others = [name for name, one in known.formats.items() if name != known.forced and one.claims(file, found)]
        if others:
            raise ValueError(
                f"{file} lists files of {others[0]} and none of {known.forced}; say --from {others[0]}, or leave "
                "--from away"
            )
    return next(iter(filled.values()), ())


def with_reader(sources: Sequence[Source], reader: Format) -> list[Source]:
    """The same files, read by another reader of the same format."""
    return [replace(source, reader=reader) for source in sources]

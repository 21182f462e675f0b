"""Files of one's own questions as rows: JSON Lines, JSON, CSV, TSV, Parquet, data sets saved by `datasets`."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq

from seewhy.benchmarks.lines.cells import fields_of_cells, known_column, with_names
from seewhy.benchmarks.lines.fields import numbered_rows, split_of
from seewhy.benchmarks.lines.turns import LISTS, unfold
from seewhy.benchmarks.release.tables import LONGEST_CELL, Record, read_records
from seewhy.records.foreign import require_file, require_text
from seewhy.records.types import Split

LINES, TABLES, TYPED = (".jsonl", ".ndjson"), (".csv", ".tsv"), (".parquet", ".arrow")
SUFFIXES = (*LINES, ".json", *TABLES, *TYPED)
SAVED, SAVED_SPLITS = "state.json", "dataset_dict.json"
"""Files that `Dataset.save_to_disk` and `DatasetDict.save_to_disk` write."""
SHARD = re.compile(r"-\d{5}-of-\d{5}$")
NO_VALUE = "nan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of a file before its fields are checked, or why it is none."""

    path: Path
    place: tuple[int, int]
    """Number of the file, from 0, and of its line, row or item, from 1."""
    given: Split | None
    """The split that the file is named after."""
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    fault: str = ""


@dataclass(frozen=True)
class OwnFiles:
    """The files of a source, and notes about them."""

    root: Path

    @cached_property
    def files(self) -> tuple[tuple[Path, Split | None], ...]:
        """Each file with the split that its name, or its folder's, means.

        Raises:
            ValueError: there is none, of one no split is known, or its kind is not read.
        """
        if self.root.is_file():
            return ((self._readable(self.root), None),)
        if not self.root.is_dir():
            if self.root.exists():
                require_file(self.root)
            raise ValueError(f"{self.root}: no such file or folder; name that of your questions")
        if (self.root / SAVED).is_file():
            return tuple((path, None) for path in _saved(self.root))
        if (self.root / SAVED_SPLITS).is_file():
            splits = cast(list[str], json.loads((self.root / SAVED_SPLITS).read_text(encoding="utf-8"))["splits"])
            return tuple((path, self._split(self.root / name)) for name in splits for path in _saved(self.root / name))
        found = sorted(path for path in self.root.iterdir() if path.suffix in SUFFIXES)
        if not found:
            names = ", ".join(split.value for split in Split)
            raise ValueError(f"{self.root} holds none of {names} as {', '.join(SUFFIXES)}, and no data set that "
                             "save_to_disk wrote")  # fmt: skip
        return tuple((self._readable(path), self._split(path)) for path in found)

    def _readable(self, path: Path) -> Path:
        if path.suffix not in SUFFIXES:
            raise ValueError(f"{path}: questions are read from {', '.join(SUFFIXES)}, and from folders of these")
        if path.suffix not in TYPED:
            require_text(path)
        return path

    def _split(self, path: Path) -> Split:
        name = SHARD.sub("", path.name.removesuffix(path.suffix) if path.suffix in SUFFIXES else path.name)
        found = split_of(name)
        if found is None:
            names = ", ".join(split.value for split in Split)
            raise ValueError(f"{path}: a folder's files are called {names}; rename it, or move it away")
        return found

    def lines(self) -> Iterator[Line]:
        """The rows of all files, in order, faults among them."""
        for number, (path, given) in enumerate(self.files):
            for place, found in _rows(path):
                fields, fault = found if isinstance(found, Mapping) else {}, found if isinstance(found, str) else ""
                try:
                    fields = unfold(fields)
                except ValueError as error:
                    fault = fault or str(error)
                yield Line(path=path, place=(number, place), given=given, fields=fields, fault=fault)

    def notes(self) -> list[str]:
        """What a reader should know: columns that are left out, and cells that read `nan`."""
        said: list[str] = []
        for path, _ in self.files:
            if path.suffix not in (*TABLES, *TYPED):
                continue
            left = [name for name in _columns(path) if not known_column(name)]
            if left:
                said.append(f"{path.name}: columns that are read as nothing: {', '.join(left)}")
            if path.suffix in TABLES:
                found = Counter(name for _, cells in _cells(path) if isinstance(cells, dict)
                                for name, cell in cells.items() if cell.strip().lower() == NO_VALUE)  # fmt: skip
                said += [f"{path.name}: {count} cells of column {name!r} read 'nan' and are taken for this text; "
                         "empty them where there is no value" for name, count in found.items()]  # fmt: skip
        return said


def _saved(folder: Path) -> list[Path]:
    """The Arrow files of a data set in their order."""
    state = json.loads((folder / SAVED).read_text(encoding="utf-8"))
    return [folder / str(one["filename"]) for one in state["_data_files"]]


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    """Number and fields of each row, or what is wrong with it."""
    if path.suffix in LINES:
        yield from numbered_rows(path)
    elif path.suffix in TABLES:
        yield from ((number, _of_cells(cells, is_text=True)) for number, cells in _cells(path))
    elif path.suffix in TYPED:
        labels = _labels(path)
        kept = [name for name in _columns(path) if known_column(name)]
        for record in read_records(path):
            cells = with_names({name: record.fields.get(name) for name in kept}, labels)
            yield _number(record), record.fault or _of_cells(cells, is_text=False)
    else:
        for number, record in enumerate(read_records(path), start=1):
            fields = {name: value for name, value in record.fields.items() if name != "key"}
            yield number, record.fault or ({"id": record.fields["key"], **fields} if _is_keyed(record) else fields)


def _number(record: Record) -> int:
    return int(record.place.rpartition(":")[2])


def _is_keyed(record: Record) -> bool:
    """Whether a JSON file is an object of rows by id, and not a list of them."""
    return "id" not in record.fields and not record.place.rpartition(":")[2].isdecimal()


def _of_cells(cells: Mapping[str, object] | str, *, is_text: bool) -> Mapping[str, object] | str:
    if isinstance(cells, str):
        return cells
    try:
        return fields_of_cells(cells, is_text=is_text)
    except ValueError as error:
        return str(error)


def _cells(path: Path) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Line and cells of each row of a CSV or TSV file: those of columns that are read."""
    csv.field_size_limit(LONGEST_CELL)
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ",", strict=True)
        try:
            names = next(rows, [])
            kept = [known_column(name) for name in names]
            for row in rows:
                if len(row) == len(names):
                    yield rows.line_num, {name: cell for name, cell, keep in zip(names, row, kept, strict=True) if keep}
                elif row:
                    said = f"has {len(row)} cells and the head {len(names)}"
                    yield rows.line_num, f"{said}; quote what holds a separator"
        except csv.Error as error:
            yield rows.line_num, f"cannot be read as {path.suffix} ({error})"
        except UnicodeDecodeError as error:
            yield rows.line_num + 1, f"not UTF-8 ({error}); save the file as UTF-8"


def _schema(path: Path) -> pa.Schema:
    """The columns of a Parquet file.

    Raises:
        ValueError: it is none.
    """
    try:
        return pq.read_schema(path)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path} is no whole Parquet file ({error}); write it again") from error


def _columns(path: Path) -> list[str]:
    if path.suffix in TABLES:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return next(csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ","), [])
    if path.suffix == ".parquet":
        return list(_schema(path).names)
    return list(next((record.fields for record in read_records(path, bare=False)), {}))


def _labels(path: Path) -> dict[str, Sequence[str]]:
    """Names of class labels by column, as `datasets` describes them in the file or next to it."""
    beside = path.parent / "dataset_info.json"
    if path.suffix == ".parquet":
        said = (_schema(path).metadata or {}).get(b"huggingface", b"{}")
        features = json.loads(said).get("info", {}).get("features", {})
    else:
        features = json.loads(beside.read_text(encoding="utf-8")).get("features", {}) if beside.is_file() else {}
    return {name: one["names"] for name, one in features.items()
            if isinstance(one, dict) and one.get("_type") == "ClassLabel"}  # fmt: skip


def is_questions(path: Path) -> bool:
    """Whether a path holds questions as people write them, and no rows of ours."""
    if path.is_dir():
        names = [one.name for one in path.iterdir()]
        return SAVED in names or SAVED_SPLITS in names or (
            "_manifest.json" not in names and any(_names_split(path / name) for name in names)
        )  # fmt: skip
    if path.suffix == ".parquet" and path.is_file():
        return bool({"question", *LISTS} & set(_schema(path).names))
    return path.suffix in SUFFIXES


def _names_split(path: Path) -> bool:
    return path.suffix in SUFFIXES and split_of(SHARD.sub("", path.stem)) is not None


def numbered(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines; where no row of a table or of conversations has an id, its file's name and number are one."""
    found = list(lines)
    is_named = any("id" in line.fields for line in found)
    for line in found:
        if is_named or line.fault or not _may_be_numbered(line):
            yield line
            continue
        name = f"{line.given.value if line.given else line.path.stem}-{line.place[0]}-{line.place[1]}"
        yield Line(path=line.path, place=line.place, given=line.given, fields={"id": name, **line.fields})


def _may_be_numbered(line: Line) -> bool:
    return line.path.suffix in (*TABLES, *TYPED)

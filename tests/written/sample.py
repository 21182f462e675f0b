"""A small release on disk: rows, the form of their file, and the pictures beside it."""

import base64
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from seewhy.records.types import Split


def png(number: int) -> bytes:
    """A picture of its own for each number."""
    buffer = BytesIO()
    Image.new("RGB", (12, 9), (number % 256, 90, 17 * number % 256)).save(buffer, format="PNG")
    return buffer.getvalue()


def held(number: int) -> dict[str, object]:
    """A picture as the Hub's Parquet holds it."""
    return {"bytes": png(number), "path": f"{number}.png"}


def coded(number: int) -> str:
    """A picture as a TSV of VLMEvalKit holds it."""
    return base64.b64encode(png(number)).decode()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One layout of one benchmark."""

    benchmark: str
    file: str
    """Where the rows lie under the root; `{split}` stands for the release's name of the split."""
    rows: Sequence[object]
    answers: tuple[tuple[str, ...], ...]
    """The gold answers of the questions that come of the rows."""
    facets: Mapping[str, str]
    """What the first question's breakdowns must hold, at least."""
    split: Split = Split.TEST
    form: str = ""
    """`keyed` (a JSON object of rows, by the field `key`), `data` (rows under "data"), `lines` (JSON Lines in a file
    that is called .json); else what the file's ending says."""
    pictures: tuple[str, ...] = ()
    """Files drawn beside the rows."""
    images: int = 1
    """Pictures of the first question."""
    broken: str = "question"
    """A field that no row can do without."""
    options: tuple[str, ...] | None = None
    """Of the first question, where they take more than copying."""
    text: str = ""
    """Of the first question, likewise."""

    def __str__(self) -> str:
        return f"{self.benchmark}-{self.file.replace('/', '-')}"

    def place(self, root: Path, name: str) -> Path:
        """The file of a split."""
        return root / self.file.replace("{split}", name).replace("{SPLIT}", name.upper())

    def write(self, root: Path, name: str, rows: Sequence[object] | None = None) -> Path:
        """The release under `root`, with other rows where they are given; its file."""
        path = self.place(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_rows(path, self.rows if rows is None else rows, self.form)
        for number, picture in enumerate(self.pictures):
            shown = root / picture.replace("{split}", name)
            shown.parent.mkdir(parents=True, exist_ok=True)
            shown.write_bytes(png(number))
        return path


def write_rows(path: Path, rows: Sequence[object], form: str) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".tsv":
        with path.open("w", newline="") as file:
            names = list(dict.fromkeys(name for row in rows for name in row))
            table = csv.DictWriter(file, names, delimiter="\t")
            table.writeheader()
            table.writerows(rows)
    elif path.suffix == ".jsonl" or form == "lines":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif form == "keyed":
        path.write_text(json.dumps({row["key"]: {k: v for k, v in row.items() if k != "key"} for row in rows}))
    else:
        path.write_text(json.dumps({"dataset_name": "x", "data": rows} if form == "data" else rows))

"""The boxes of NLVR's pictures, each a picture of its own, with the things that the release says are in it.

Suhr et al. 2017, A Corpus of Natural Language for Visual Reasoning, ACL; CC BY 4.0.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from seewhy.benchmarks.scene.things import Thing
from seewhy.records.types import Split

FILES = ("dev.jsonl", "test.jsonl")
BOX, STRIDE = 100, 150
"""Pixels of a box's side, and from one box's left edge to that of the next (the release's pictures of 400 x 100)."""
PER_PICTURE = 3
EVERY = 10
"""Of the numbers of sentences in `dev`, those that this divides are validation's."""
COLOURS = {"yellow": "yellow", "black": "black", "#0099ff": "blue"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box: the file of its picture, which of the three it is, and what it shows."""

    path: Path
    number: int
    things: tuple[Thing, ...]

    def picture(self) -> Image.Image:
        """Its pixels, BOX x BOX."""
        with Image.open(self.path) as whole:
            left = self.number * STRIDE
            return whole.convert("RGB").crop((left, 0, left + BOX, BOX))


@lru_cache(maxsize=4)
def read_boxes(root: Path) -> Mapping[Split, Sequence[Box]]:
    """Boxes of each split, each once: no split shows a box of another.

    `dev` is for training and validation, parted by the number of the sentence; `test` is for test, without the boxes
    that `dev` shows too.

    Raises:
        ValueError: a row is not as the release has it, with its file and line.
    """
    found: dict[Split, list[Box]] = {split: [] for split in (Split.VALIDATION, Split.TEST, Split.TRAIN)}
    seen: set[tuple[Thing, ...]] = set()
    dev, test = ([*_rows(root / name)] for name in FILES)
    parts = {Split.TRAIN: [row for row in dev if not _is_held_out(row)],
             Split.VALIDATION: [row for row in dev if _is_held_out(row)], Split.TEST: test}  # fmt: skip
    for split, rows in parts.items():
        for row in rows:
            for number, things in enumerate(row["boxes"]):
                if things not in seen:
                    seen.add(things)
                    found[split].append(Box(path=row["path"], number=number, things=things))
    return found


def _is_held_out(row: Mapping[str, Any]) -> bool:
    return row["sentence"] % EVERY == 0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Of each row the number of its sentence, its first picture, and the things of its boxes."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            boxes = tuple(tuple(sorted(map(_thing, box), key=lambda thing: (thing.y, thing.x)))
                          for box in row["structured_rep"])  # fmt: skip
            if len(boxes) != PER_PICTURE:
                raise ValueError(f"field 'structured_rep' has {len(boxes)} boxes in place of {PER_PICTURE}")
            yield {"sentence": int(row["identifier"].partition("-")[0]), "path": path.parent / row["images"][0],
                   "boxes": boxes}  # fmt: skip
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise ValueError(f"{path}:{number}: no row of NLVR with pictures ({error!r})") from error


def _thing(row: Mapping[str, Any]) -> Thing:
    half = row["size"] / 2
    return Thing(colour=COLOURS[row["color"].lower()], noun=row["type"], x=round((row["x_loc"] + half) / BOX, 3),
                 y=round((row["y_loc"] + half) / BOX, 3))  # fmt: skip

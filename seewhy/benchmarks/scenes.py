"""Questions about real pictures that take counting, adding and comparing: NLVR's boxes, and photographs of things.

The source is a folder with `nlvr` (the release's `dev.jsonl` and `test.jsonl` with their pictures), with `stamps` (the
folder `/usr/share/tuxpaint/stamps` of Debian's package `tuxpaint-stamps-default`, or a link to it), or with both.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from seewhy.benchmarks.release.pictures import keep_bytes
from seewhy.benchmarks.scene.asking import READING, REASONING, Asked, Kind
from seewhy.benchmarks.scene.boxes import FILES, read_boxes
from seewhy.benchmarks.scene.photos import SIDE, compose, photo_files, read_photos
from seewhy.benchmarks.scene.things import Thing, written
from seewhy.records.pictures import as_png
from seewhy.records.types import Gold, ImageRef, MatchRule, Question, Split

T = TypeVar("T")
BOXES, STAMPS = "nlvr", "stamps"
SIZES = {Split.TRAIN: 40_000, Split.VALIDATION: 2_000, Split.TEST: 4_000, Split.SHIFTED: 0}
"""Questions that a source gives: they are drawn, so that it could give any number."""
READING_SHARE = 0.5
"""Of the questions: those that take no step, such as a count in one picture."""
MOST_THINGS = 4


def load_all(root: Path, pictures: Path | None = None) -> list[Question]:
    """Every question, split by split; errors as in `load`."""
    return [one for split, count in sizes(root).items() for one in load(root, split, count=count, pictures=pictures)]


def load(
    root: Path, split: Split, *, count: int, seed: int = 0, first: int = 0, pictures: Path | None = None
) -> Iterator[Question]:
    """`count` questions of a split from number `first` on, their pictures written under `pictures/images`.

    A question depends on (split, its number) and on the files alone. No split shows a box or a photograph of another.
    Without `pictures` they are hashed and not written.

    Raises:
        ValueError: the source holds neither set or none for this split, or a file is not as its set has it.
    """
    del seed
    sets = _sets(root)
    for number in range(first, min(first + count, SIZES[split])):
        yield _question(root, sets[number % len(sets)], split, number, pictures)


def sizes(root: Path) -> dict[Split, int]:
    """How many questions each split has."""
    _sets(root)
    return dict(SIZES)


def files(root: Path) -> tuple[Path, ...]:
    """The rows of NLVR and the photographs; the rows name NLVR's pictures."""
    return tuple(path for name in _sets(root) for path in (
        [root / BOXES / file for file in FILES] if name == BOXES else
        [path for path, _ in photo_files(root / STAMPS)]))  # fmt: skip


def _sets(root: Path) -> tuple[str, ...]:
    """The picture sets that are there."""
    found = [name for name, is_there in ((BOXES, (root / BOXES / FILES[0]).is_file()),
                                         (STAMPS, bool(photo_files(root / STAMPS)))) if is_there]  # fmt: skip
    if not found:
        raise ValueError(f"{root} holds neither {BOXES}/{FILES[0]} nor photographs under {STAMPS}; docs/scenes.md says "
                         "where both are had")  # fmt: skip
    return tuple(found)


def _question(root: Path, name: str, split: Split, number: int, pictures: Path | None) -> Question:
    address = f"scenes/{split.value}/{number}"
    generator = np.random.default_rng(np.random.SeedSequence(int.from_bytes(sha256(address.encode()).digest())))
    kinds = READING if generator.random() < READING_SHARE else REASONING
    kind = kinds[int(generator.integers(len(kinds)))]
    draw = partial(_boxes, root / BOXES) if name == BOXES else partial(_photos, root / STAMPS)
    while True:
        shown = [draw(split, generator) for _ in range(kind.pictures)]
        things = [there for _, there in shown]
        asked = kind.ask(things, generator)
        if asked is not None:
            images = tuple(_keep(image, pictures) for image, _ in shown)
            return _as_question(asked, kind, address, split, name, things, images)


def _as_question(
    asked: Asked, kind: Kind, address: str, split: Split, name: str, things: list[tuple[Thing, ...]],
    images: tuple[ImageRef, ...],
) -> Question:  # fmt: skip
    return Question(
        id=address, benchmark="scenes", split=split, text=asked.text, images=images,
        gold=Gold(answers=(asked.answer,), rule=MatchRule.EXACT), rationale=asked.rationale,
        facets={"kind": kind.name, "takes": "reading" if kind.is_reading else "steps", "set": name,
                "pictures": str(len(images)), "page": written(things)},
    )  # fmt: skip


def _boxes(root: Path, split: Split, generator: np.random.Generator) -> tuple[Image.Image, tuple[Thing, ...]]:
    boxes = _some(read_boxes(root), split, root)
    box = boxes[int(generator.integers(len(boxes)))]
    return box.picture(), box.things


def _photos(root: Path, split: Split, generator: np.random.Generator) -> tuple[Image.Image, tuple[Thing, ...]]:
    """One to four photographs of at most two nouns, so that there is something to count."""
    photos = _some(read_photos(root), split, root)
    nouns = sorted({photo.noun for photo in photos})
    two = [nouns[int(generator.integers(len(nouns)))] for _ in range(2)]
    meant = [[photo for photo in photos if photo.noun == noun] for noun in two]
    number = int(generator.integers(1, MOST_THINGS + 1))
    same = [meant[int(generator.integers(2))] for _ in range(number)]
    chosen = [photos_of_noun[int(generator.integers(len(photos_of_noun)))] for photos_of_noun in same]
    return compose(chosen, generator)


def _some(parts: Mapping[Split, Sequence[T]], split: Split, root: Path) -> Sequence[T]:
    if not parts[split]:
        raise ValueError(f"{root} has no picture for the {split.value} split, and so no question; put the whole set "
                         "there, or ask for none of that split")  # fmt: skip
    return parts[split]


def _keep(image: Image.Image, pictures: Path | None) -> ImageRef:
    payload = as_png(image if image.width == SIDE else image.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    if pictures is None:
        return ImageRef(sha256=sha256(payload).hexdigest(), path="")
    return keep_bytes(pictures, payload, "png")

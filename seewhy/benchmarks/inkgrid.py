"""Pages of real handwritten digits, and questions about them that take reading, arithmetic and comparison.

Digits: E. Alpaydin and C. Kaynak, UCI Optical Recognition of Handwritten Digits, CC BY 4.0 (`ink/ATTRIBUTION.md`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image

from seewhy.benchmarks.ink.digits import Scans, load_scans
from seewhy.benchmarks.ink.drawing import draw
from seewhy.benchmarks.ink.drills import pose_drill
from seewhy.benchmarks.ink.in_words import page_in_words
from seewhy.benchmarks.ink.line_drills import pose_line_drill
from seewhy.benchmarks.ink.posing import (
    BASE_READING,
    BASE_TRANSCRIPT,
    PLAIN,
    SHIFTED,
    Syllabus,
    generator_at,
    pose,
    to_question,
)
from seewhy.benchmarks.release.pictures import keep_bytes
from seewhy.records.pictures import as_png
from seewhy.records.types import ImageRef, Question, Split


def load(root: Path, split: Split, *, count: int, seed: int = 0, first: int = 0) -> Iterator[Question]:
    """`count` questions of a split from number `first` on; their pictures are drawn under `root/images`.

    A question depends on (split, seed, its number) alone. Splits share no scan, except that SHIFTED draws on TEST's:
    it asks of larger and noisier grids than any other split, a third of the time in kinds no other split has.
    """
    scans = load_scans(split)
    syllabus = SHIFTED if split is Split.SHIFTED else PLAIN
    for number in range(first, first + count):
        yield make_question(root, syllabus, scans, f"inkgrid/{split.value}/{seed}/{number}", split)


def transcripts(root: Path, *, count: int, seed: int = 0, reading_share: float = 0.5) -> Iterator[Question]:
    """Questions that teach a bare model to read, on TRAIN's scans and every grid from 2x2 to 4x4.

    "Read the page.", whose gold answer is the page's transcript and which has no rationale; and, a share of the time,
    a reading question such as "Read row 2." with its rationale.
    """
    scans = load_scans(Split.TRAIN)
    for number in range(count):
        address = f"inkgrid/transcripts/{seed}/{number}"
        is_reading = generator_at(address, "syllabus").random() < reading_share
        yield make_question(root, BASE_READING if is_reading else BASE_TRANSCRIPT, scans, address, Split.TRAIN)


def drills(*, count: int, seed: int = 0) -> Iterator[Question]:
    """Questions without a picture that teach a bare model the single steps of a rationale: `8 plus 7 is 15.`."""
    for number in range(count):
        address = f"inkgrid/drills/{seed}/{number}"
        yield pose_drill(generator_at(address), address)


def line_drills(*, count: int, seed: int = 0) -> Iterator[Question]:
    """Questions without a picture about digits in their text: `What is the sum of 3, 5, 8?`, with all steps."""
    for number in range(count):
        address = f"inkgrid/line-drills/{seed}/{number}"
        yield pose_line_drill(generator_at(address), address)


def beside_pages(root: Path, drills: Iterable[Question], *, seed: int = 0) -> Iterator[Question]:
    """The same drills, each with an unrelated page: steps hold whatever there is to see."""
    scans = load_scans(Split.TRAIN)
    for number, drill in enumerate(drills):
        generator = generator_at("inkgrid/drill-pages", seed, number)
        image = keep_picture(root, draw(pose(BASE_TRANSCRIPT, generator).page, scans, generator))
        yield replace(drill, id=f"{drill.id}/page", images=(image,))


def told(root: Path, *, count: int, seed: int = 0) -> Iterator[Question]:
    """Questions of TRAIN that begin with their page in words, so that a model that cannot read it can still reason."""
    yield from map(page_in_words, load(root, Split.TRAIN, count=count, seed=seed))


def make_question(root: Path, syllabus: Syllabus, scans: Scans, address: str, split: Split) -> Question:
    """The question at an address, its picture written."""
    generator = generator_at(address)
    posed = pose(syllabus, generator)
    image = keep_picture(root, draw(posed.page, scans, generator))
    return to_question(posed, image, address, split)


def keep_picture(root: Path, picture: Image.Image) -> ImageRef:
    """Write a picture as PNG under the hash of its bytes, whole or not at all; one already there is left alone."""
    return keep_bytes(root, as_png(picture), "png")

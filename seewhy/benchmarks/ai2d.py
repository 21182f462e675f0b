"""AI2D: multiple-choice questions about diagrams of school books."""

import csv
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from seewhy.benchmarks.release.choices import LETTERS, letter_at, letter_in, options_of
from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.faults import changed_at
from seewhy.benchmarks.release.rows import UNKNOWN, ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split

TEST_IDS = "ai2d_test_ids.csv"
"""Numbers of the diagrams of the test split, next to `questions` and `images` of the release."""


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    if row.has("imageName"):
        yield from _pose_diagram(row)
        return
    options = options_of(row, "options", "choices")
    is_letter = row.word("answer").upper() in LETTERS
    yield ParsedQuestion(
        key=row.text("index", "id") or str(row.number),
        text=row.word("question"),
        options=options,
        answers=(letter_in(row, "answer", options) if is_letter else letter_at(row, "answer", options),),
        pictures=row.pictures("image"),
        facets={"labels": UNKNOWN},
    )


def _pose_diagram(row: Row) -> Iterator[ParsedQuestion]:
    """The release has one file a diagram, with all questions about it by their texts."""
    name = row.word("imageName")
    path = row.root / TEST_IDS
    changed = changed_at(path, "lists which diagrams are the test split; download it with AI2D")
    is_test = name.split(".")[0] in _test_ids(path, changed)
    if is_test is not (row.split is Split.TEST):
        return
    for text, found in row.nested("questions").fields.items():
        try:
            asked = _asked(row, text, found)
        except ValueError as error:
            raise ValueError(f"field 'questions', {text!r:.60}: {error}") from error
        yield asked


def _asked(row: Row, text: str, found: object) -> ParsedQuestion:
    asked = row.with_fields({"questions": found}).nested("questions")
    options = asked.words("answerTexts")
    is_label = asked.is_true("abcLabel")
    return ParsedQuestion(
        key=asked.word("questionId"),
        text=text,
        options=options,
        answers=(letter_at(asked, "correctAnswer", options),),
        pictures=row.pictures("imageName", "../abc_images/{}" if is_label else "../images/{}", "../images/{}"),
        facets={"labels": "yes" if is_label else "no"},
    )


@lru_cache(maxsize=4)
def _test_ids(path: Path, changed: int) -> frozenset[str]:
    """The numbers in the file, as it was at a time."""
    del changed
    with path.open(newline="") as file:
        return frozenset(cells[0].strip() for cells in csv.reader(file) if cells)


RELEASE = Release(
    name="ai2d",
    title="AI2D",
    version="2016 (test ids of the release)",
    citation="Kembhavi et al. 2016, A Diagram Is Worth a Dozen Images, ECCV, arXiv 1603.07396",
    licence="CC BY-SA 4.0",
    rule=MatchRule.LETTER,
    splits={Split.TRAIN: ("train",), Split.TEST: ("test",)},
    layouts=("questions/*.json", *HUB, "AI2D_{SPLIT}.tsv"),
    pose=_parse_row,
    facets=("labels",),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

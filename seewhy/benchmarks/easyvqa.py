"""easy-VQA: questions about one coloured shape, small enough to train on without a GPU (`pip download easy-vqa`)."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import Release
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split

SHAPES = ("circle", "rectangle", "triangle")
YES_NO = ("yes", "no")


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    """A row is `[question, answer, number of the picture]`."""
    parts = row.words("items")
    if len(parts) != 3:
        raise ValueError(f"field 'items' must hold question, answer and picture, and is {parts!r}")
    text, answer, picture = parts
    kind = "yes_no" if answer in YES_NO else "shape" if answer in SHAPES else "colour"
    yield ParsedQuestion(
        key=str(row.number),
        text=text,
        answers=(answer,),
        rule=MatchRule.YES_NO if kind == "yes_no" else None,
        pictures=row.file_picture("items", f"{picture}.png", "images/{}"),
        facets={"kind": kind},
    )


RELEASE = Release(
    name="easyvqa",
    title="easy-VQA",
    version="1.0",
    citation="Zhou 2019, easy-VQA, github.com/vzhou842/easy-VQA",
    licence="MIT",
    rule=MatchRule.EXACT,
    splits={
        Split.TRAIN: ("train",),
        Split.TEST: ("test",),
    },
    layouts=("{split}/questions.json", "easy_vqa/data/{split}/questions.json"),
    pose=_parse_row,
    facets=("kind",),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

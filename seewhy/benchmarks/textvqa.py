"""TextVQA: questions about photographs that take reading the text in them."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.metrics import Metric
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    pictures = row.pictures("image")
    if not row.has("image"):
        pictures = row.file_picture("image_id", f"{row.word('image_id')}.jpg", "train_images/{}", "test_images/{}")
    yield ParsedQuestion(
        key=row.word("question_id", "index"),
        text=row.word("question"),
        answers=row.answers("answers", "answer"),
        pictures=pictures,
        facets={},
    )


RELEASE = Release(
    name="textvqa",
    title="TextVQA",
    version="0.5.1",
    citation="Singh et al. 2019, Towards VQA Models That Can Read, CVPR, arXiv 1904.08920",
    licence="CC BY 4.0; pictures of Open Images, CC BY 2.0",
    rule=MatchRule.VQA_SOFT,
    metric=Metric.MEAN_SCORE,
    splits={
        Split.TRAIN: ("train",),
        Split.VALIDATION: ("val", "validation"),
        Split.TEST: ("test",),
    },
    layouts=("TextVQA_0.5.1_{split}.json", *HUB, "TextVQA_{SPLIT}.tsv"),
    pose=_parse_row,
    hidden=frozenset({Split.TEST}),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

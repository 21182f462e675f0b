"""DocVQA (single page): questions about scanned pages of industry documents."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.metrics import Metric
from seewhy.benchmarks.release.rows import ParsedQuestion, Row, flags
from seewhy.records.types import MatchRule, Split

KINDS = (
    "figure/diagram", "form", "table/list", "layout", "free_text", "Image/Photo", "handwritten", "Yes/No", "others",
)  # fmt: skip
"""Mathew et al. 2021, figure 5; a question may be of several."""


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    yield ParsedQuestion(
        key=row.word("questionId", "index"),
        text=row.word("question"),
        answers=row.answers("answers", "answer"),
        pictures=row.pictures("image", "spdocvqa_images/{}", "documents/{}"),
        facets=flags(KINDS, row.words("question_types") if row.has("question_types") else ()),
    )


RELEASE = Release(
    name="docvqa",
    title="DocVQA",
    version="SP-DocVQA 1.0",
    citation="Mathew et al. 2021, DocVQA: A Dataset for VQA on Document Images, WACV, arXiv 2007.00398",
    licence="as the UCSF Industry Documents Library and the competition's terms say; not redistributable",
    rule=MatchRule.ANLS,
    metric=Metric.MEAN_SCORE,
    splits={
        Split.TRAIN: ("train",),
        Split.VALIDATION: ("val", "validation"),
        Split.TEST: ("test",),
    },
    layouts=("{split}_v1.0_withQT.json", "{split}_v1.0.json", "DocVQA/{split}-*.parquet", *HUB, "DocVQA_{SPLIT}.tsv"),
    pose=_parse_row,
    facets=KINDS,
    hidden=frozenset({Split.TEST}),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

"""InfographicVQA: questions about infographics, whose answers are spans of the picture, of the question, or numbers."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.metrics import Metric
from seewhy.benchmarks.release.rows import ParsedQuestion, Row, flags
from seewhy.records.types import MatchRule, Split

ANSWERS = ("single span", "multi-span", "question span", "non-extractive")
EVIDENCE = ("text", "table/list", "figure", "map", "visual/layout")
OPERATIONS = ("comparison", "arithmetic", "counting")
"""Mathew et al. 2022, table 3: a question may have several of each."""


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    fields = ("answer_type", "evidence", "operation/reasoning")
    said = [word.lower() for name in fields if row.has(name) for word in row.words(name)]
    yield ParsedQuestion(
        key=row.word("questionId", "index"),
        text=row.word("question"),
        answers=row.answers("answers", "answer"),
        pictures=row.pictures("image") or row.pictures("image_local_name", "infographicsvqa_images/{}"),
        facets=flags((*ANSWERS, *EVIDENCE, *OPERATIONS), said),
    )


RELEASE = Release(
    name="infovqa",
    title="InfographicVQA",
    version="1.0",
    citation="Mathew et al. 2022, InfographicVQA, WACV, arXiv 2104.12756",
    licence="pictures under their publishers' terms; not redistributable",
    rule=MatchRule.ANLS,
    metric=Metric.MEAN_SCORE,
    splits={
        Split.TRAIN: ("train",),
        Split.VALIDATION: ("val", "validation"),
        Split.TEST: ("test",),
    },
    layouts=(
        "infographicsVQA_{split}_v1.0_withQT.json",
        "infographicsVQA_{split}_v1.0.json",
        "InfographicVQA/{split}-*.parquet",
        *HUB,
        "InfoVQA_{SPLIT}.tsv",
    ),
    pose=_parse_row,
    facets=(*ANSWERS, *EVIDENCE, *OPERATIONS),
    hidden=frozenset({Split.TEST}),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

"""OCRBench: 1,000 questions on text in pictures: words, scenes, documents, key information, formulas."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    yield ParsedQuestion(
        key=row.text("id", "index") or str(row.number),
        text=row.word("question"),
        answers=row.answers("answers", "answer"),
        pictures=row.pictures("image") or row.pictures("image_path", "OCRBench_Images/{}"),
        facets={
            "kind": row.facet("type", "question_type", "category"),
            "dataset": row.facet("dataset_name", "dataset"),
        },
    )


RELEASE = Release(
    name="ocrbench",
    title="OCRBench",
    version="1 (May 2023)",
    citation="Liu et al. 2024, OCRBench: On the Hidden Mystery of OCR in Large Multimodal Models, Science China "
    "Information Sciences, arXiv 2305.07895",
    licence="MIT; pictures under the licences of their data sets",
    rule=MatchRule.CONTAINMENT,
    splits={Split.TEST: ("test",)},
    layouts=("OCRBench/OCRBench.json", "OCRBench.json", *HUB, "OCRBench.tsv"),
    pose=_parse_row,
    facets=("kind", "dataset"),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

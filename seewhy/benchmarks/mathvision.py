"""MATH-Vision: competition mathematics that needs the figure, in 16 subjects and five levels."""

from collections.abc import Iterator

from seewhy.benchmarks.release.choices import letter_in, perhaps_options_of
from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    options = perhaps_options_of(row, "options", "choices")
    yield ParsedQuestion(
        key=row.word("id", "index"),
        text=row.word("question"),
        options=options,
        answers=(letter_in(row, "answer", options) if options else row.word("answer"),),
        rule=MatchRule.LETTER if options else None,
        pictures=row.pictures("decoded_image") or row.pictures("image"),
        rationale=row.text("solution"),
        facets={"level": row.facet("level"), "subject": row.facet("subject", "category")},
    )


RELEASE = Release(
    name="mathvision",
    title="MATH-Vision",
    version="1.0 (2024)",
    citation="Wang et al. 2024, Measuring Multimodal Mathematical Reasoning with MATH-Vision Dataset, NeurIPS, "
    "arXiv 2402.14804",
    licence="MIT; problems of public competitions",
    rule=MatchRule.MATH,
    splits={
        Split.VALIDATION: ("testmini", "mini"),
        Split.TEST: ("test",),
    },
    layouts=("{split}.jsonl", "data/{split}.jsonl", *HUB, "MathVision_{SPLIT}.tsv"),
    pose=_parse_row,
    facets=("level", "subject"),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

"""MMMU-Pro: MMMU's questions that need their pictures, with up to ten options, or drawn whole into a picture."""

from collections.abc import Iterator

from seewhy.benchmarks.release.choices import letter_in, options_of
from seewhy.benchmarks.release.declared import Release
from seewhy.benchmarks.release.mmmu_subjects import DOMAIN_OF, numbered_pictures
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split

SEEN = "Answer the question that the picture shows."
"""The question of the vision part, whose text and options are only in the picture."""


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    """A row of `standard (10 options)`, `standard (4 options)` or `vision`; the last has no question of its own."""
    is_drawn = not row.has("question")
    options = options_of(row, "options")
    subject = row.word("subject", "category")
    if subject not in DOMAIN_OF:
        raise ValueError(f"field 'subject' is {subject!r}; it must be one of MMMU's, such as 'Accounting'")
    yield ParsedQuestion(
        key=row.word("id", "index"),
        text=SEEN if is_drawn else row.word("question"),
        options=options,
        answers=(letter_in(row, "answer", options),),
        pictures=numbered_pictures(row),
        facets={
            "domain": DOMAIN_OF[subject],
            "subject": subject,
            "difficulty": row.facet("topic_difficulty"),
            "form": "vision" if is_drawn else "standard",
        },
    )


RELEASE = Release(
    name="mmmupro",
    title="MMMU-Pro",
    version="1.0 (September 2024)",
    citation="Yue et al. 2025, MMMU-Pro: A More Robust Multi-discipline Multimodal Understanding Benchmark, ACL, "
    "arXiv 2409.02813",
    licence="Apache-2.0",
    rule=MatchRule.LETTER,
    splits={Split.TEST: ("test",)},
    layouts=(
        "{split}-*.parquet", "standard (10 options)/{split}-*.parquet", "standard (4 options)/{split}-*.parquet",
        "vision/{split}-*.parquet", "MMMU_Pro_10c.tsv", "MMMU_Pro_4c.tsv", "MMMU_Pro_V.tsv",
    ),
    pose=_parse_row,
    facets=("domain", "subject", "difficulty", "form"),
)  # fmt: skip
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

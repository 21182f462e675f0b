"""TabMWP: word problems of grades 1 to 8 over a table that is rendered as a picture, with worked solutions."""

from collections.abc import Iterator

from seewhy.benchmarks.release.choices import letters_of_text, perhaps_options_of
from seewhy.benchmarks.release.declared import Release
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    """The table's text is left out: the picture shows it."""
    if not row.is_ours("split"):
        return
    key = row.word("id", "key")
    options = perhaps_options_of(row, "choices")
    unit = row.text("unit")
    yield ParsedQuestion(
        key=key,
        text=row.word("question") + (f" (Unit: {unit})" if unit else ""),
        options=options,
        answers=letters_of_text(row, "answer", options) if options else (row.word("answer"),),
        rule=MatchRule.LETTER if options else None,
        pictures=row.pictures("image") or row.file_picture("id", f"{key}.png", "tables/{}"),
        rationale=row.text("solution"),
        facets={
            "question": row.word("ques_type"),
            "answer": row.word("ans_type"),
            "grades": "1-6" if row.integer("grade") <= 6 else "7-8",
        },
    )


RELEASE = Release(
    name="tabmwp",
    title="TabMWP",
    version="1.0 (September 2022)",
    citation="Lu et al. 2023, Dynamic Prompt Learning via Policy Gradient for Semi-structured Mathematical Reasoning, "
    "ICLR, arXiv 2209.14610",
    licence="CC BY-NC-SA 4.0",
    rule=MatchRule.UNIT_NUMBER,
    splits={
        Split.TRAIN: ("train",),
        Split.VALIDATION: ("dev", "dev1k"),
        Split.TEST: ("test", "test1k"),
    },
    layouts=("problems_{split}.json", "{split}.jsonl"),
    pose=_parse_row,
    facets=("question", "answer", "grades"),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

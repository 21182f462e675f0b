"""A-OKVQA, multiple choice: questions about photographs that take knowledge of the world. `aokvqa_da` asks openly."""

from collections.abc import Iterator

from seewhy.benchmarks.release.aokvqa_rows import (
    CITATION,
    LAYOUTS,
    LICENCE,
    SPLITS,
    VERSION,
    picture_of,
    rationale_of,
)
from seewhy.benchmarks.release.choices import letter_at, options_of
from seewhy.benchmarks.release.declared import Release
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    options = options_of(row, "choices")
    is_told = row.has("correct_choice_idx") and row.split is not Split.TEST
    yield ParsedQuestion(
        key=row.word("question_id"),
        text=row.word("question"),
        options=options,
        answers=(letter_at(row, "correct_choice_idx", options),) if is_told else (),
        pictures=picture_of(row),
        rationale=rationale_of(row),
        facets={"difficult": "yes" if row.is_true("difficult_direct_answer") else "no"},
    )


RELEASE = Release(
    name="aokvqa",
    title="A-OKVQA (multiple choice)",
    version=VERSION,
    citation=CITATION,
    licence=LICENCE,
    rule=MatchRule.LETTER,
    splits=SPLITS,
    layouts=LAYOUTS,
    pose=_parse_row,
    facets=("difficult",),
    hidden=frozenset({Split.TEST}),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

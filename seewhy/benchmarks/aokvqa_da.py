"""A-OKVQA, direct answer: the open form, scored by how many of ten annotators agree. `aokvqa` has the options."""

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
from seewhy.benchmarks.release.declared import Release
from seewhy.benchmarks.release.metrics import Metric
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    """Questions marked as difficult to answer directly are left out, as the evaluation of the data set does."""
    if row.is_true("difficult_direct_answer"):
        return
    yield ParsedQuestion(
        key=row.word("question_id"),
        text=row.word("question"),
        answers=row.answers("direct_answers"),
        pictures=picture_of(row),
        rationale=rationale_of(row),
        facets={},
    )


RELEASE = Release(
    name="aokvqa_da",
    title="A-OKVQA (direct answer)",
    version=VERSION,
    citation=CITATION,
    licence=LICENCE,
    rule=MatchRule.DIRECT_ANSWER,
    metric=Metric.MEAN_SCORE,
    splits=SPLITS,
    layouts=LAYOUTS,
    pose=_parse_row,
    hidden=frozenset({Split.TEST}),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

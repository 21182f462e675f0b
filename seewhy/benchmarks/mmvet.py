"""MM-Vet: 218 open questions that take several capabilities at once, rated from 0 to 1 by a judge model."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.metrics import Metric
from seewhy.benchmarks.release.rows import ParsedQuestion, Row, flags
from seewhy.records.types import MatchRule, Split

CAPABILITIES = ("rec", "ocr", "know", "gen", "spat", "math")
"""Yu et al. 2024, section 3.1: recognition, OCR, knowledge, language generation, spatial awareness, mathematics."""


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    """The gold answer keeps the release's `<AND>` and `<OR>`, which its judge prompt explains."""
    said = row.words("capability") if isinstance(row.fields.get("capability"), list) else ()
    yield ParsedQuestion(
        key=row.word("question_id", "key", "index"),
        text=row.word("question"),
        answers=(row.word("answer"),),
        pictures=row.pictures("image") or row.pictures("imagename", "images/{}"),
        facets=flags(CAPABILITIES, said or tuple(row.text("capability", "category").split(","))),
    )


RELEASE = Release(
    name="mmvet",
    title="MM-Vet",
    version="1.0",
    citation="Yu et al. 2024, MM-Vet: Evaluating Large Multimodal Models for Integrated Capabilities, ICML, "
    "arXiv 2308.02490",
    licence="Apache-2.0",
    rule=MatchRule.OPEN,
    metric=Metric.JUDGE_RATING,
    splits={Split.TEST: ("test",)},
    layouts=("mm-vet.json", *HUB, "MMVet.tsv"),
    pose=_parse_row,
    facets=CAPABILITIES,
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

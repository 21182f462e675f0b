"""Object-HalBench: 300 requests to describe a photograph; what replies name and it does not show is counted."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import Release
from seewhy.benchmarks.release.metrics import Metric
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    """The id holds COCO's number of the picture, by which the annotated objects are found."""
    yield ParsedQuestion(
        key=f"{row.word('image_id')}/{row.number}",
        text=row.word("question"),
        answers=(),
        pictures=row.encoded("image"),
        facets={},
    )


RELEASE = Release(
    name="objecthal",
    title="Object-HalBench",
    version="300 rows of RLHF-V (obj_halbench_300)",
    citation="Rohrbach et al. 2018, Object Hallucination in Image Captioning, EMNLP; Yu et al. 2024, RLHF-V, CVPR, "
    "arXiv 2312.00849",
    licence="as RLHF-V's release; pictures of COCO 2014",
    rule=MatchRule.OPEN,
    metric=Metric.CHAIR,
    splits={Split.TEST: ("test",)},
    layouts=("obj_halbench_300_with_image.jsonl",),
    pose=_parse_row,
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

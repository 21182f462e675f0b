"""MMHal-Bench: 96 open questions that tempt a model to name what is not there, rated from 0 to 6 by a judge model."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.metrics import Metric
from seewhy.benchmarks.release.pictures import Picture
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    yield ParsedQuestion(
        key=row.text("id") or str(row.number),
        text=row.word("question"),
        answers=(row.word("gt_answer"),),
        pictures=_pictures(row),
        facets={"question": row.facet("question_type"), "topic": row.facet("question_topic")},
    )


def _pictures(row: Row) -> tuple[Picture, ...]:
    """The row has the picture's address; its file is what the release's script downloads: the address's last part."""
    if row.has("image"):
        return row.pictures("image")
    return row.file_picture("image_src", row.word("image_src").rpartition("/")[2], "images/{}")


RELEASE = Release(
    name="mmhal",
    title="MMHal-Bench",
    version="1.0 (September 2023)",
    citation="Sun et al. 2023, Aligning Large Multimodal Models with Factually Augmented RLHF, arXiv 2309.14525",
    licence="Apache-2.0; pictures of Open Images",
    rule=MatchRule.OPEN,
    metric=Metric.JUDGE_RATING,
    splits={Split.TEST: ("test",)},
    layouts=("response_template.json", *HUB),
    pose=_parse_row,
    facets=("question", "topic"),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

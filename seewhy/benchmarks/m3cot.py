"""M3CoT: multiple-choice questions of science, mathematics and commonsense whose reasoning takes several steps."""

from collections.abc import Iterator

from seewhy.benchmarks.release.choices import letter_in, options_of
from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    if not row.is_ours("split"):
        return
    options = options_of(row, "choices")
    shown = row.pictures("image", "images/{}")
    yield ParsedQuestion(
        key=row.word("id"),
        text=row.word("question"),
        context=row.text("context"),
        options=options,
        answers=(letter_in(row, "answer", options),),
        pictures=shown or row.file_picture("image_id", f"{row.word('image_id')}.png", "images/{}"),
        rationale=row.text("rationale"),
        facets={"domain": row.facet("domain"), "topic": row.facet("topic")},
    )


RELEASE = Release(
    name="m3cot",
    title="M3CoT",
    version="1.0 (ACL 2024)",
    citation="Chen et al. 2024, M3CoT: A Novel Benchmark for Multi-Domain Multi-step Multi-modal Chain-of-Thought, "
    "ACL, arXiv 2405.16473",
    licence="CC BY-SA 4.0",
    rule=MatchRule.LETTER,
    splits={Split.TRAIN: ("train",), Split.VALIDATION: ("dev", "validation"), Split.TEST: ("test",)},
    layouts=("{split}.jsonl", "data/{split}.jsonl", *HUB),
    pose=_parse_row,
    facets=("domain", "topic"),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

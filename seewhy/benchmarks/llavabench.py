"""LLaVA-Bench (In-the-Wild): 60 open questions on 24 pictures, rated against GPT-4's answers by a judge model."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.faults import changed_at
from seewhy.benchmarks.release.metrics import Metric
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.benchmarks.release.tables import read_texts
from seewhy.records.types import MatchRule, Split

REFERENCES = "answers_gpt4.jsonl"


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    key = row.word("question_id")
    yield ParsedQuestion(
        key=key,
        text=row.word("text", "question"),
        answers=(row.word("gpt_answer"),) if row.has("gpt_answer") else _reference(row.file.parent, key),
        pictures=row.pictures("image", "images/{}"),
        facets={"category": row.facet("category")},
    )


def _reference(folder: Path, key: str) -> tuple[str, ...]:
    path = folder / REFERENCES
    changed = changed_at(path, "holds the answers that replies are rated against; download it with the questions")
    found = _references(path, changed)
    if key not in found:
        raise ValueError(f"field 'question_id' is {key!r}, to which {path} has no answer")
    return (found[key],)


@lru_cache(maxsize=4)
def _references(path: Path, changed: int) -> dict[str, str]:
    """GPT-4's answers by question, from the file next to the questions, as it was at a time."""
    del changed
    return read_texts(path, "question_id", "text")


RELEASE = Release(
    name="llavabench",
    title="LLaVA-Bench (In-the-Wild)",
    version="October 2023",
    citation="Liu et al. 2023, Visual Instruction Tuning, NeurIPS, arXiv 2304.08485",
    licence="Apache-2.0",
    rule=MatchRule.OPEN,
    metric=Metric.RELATIVE_RATING,
    splits={Split.TEST: ("train", "test")},
    layouts=("questions.jsonl", *HUB),
    pose=_parse_row,
    facets=("category",),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

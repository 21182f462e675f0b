"""POPE: whether an object is in a photograph, asked of random, popular and adversarial objects."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.metrics import Metric
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Question, Split

OBJECTS = ("random", "popular", "adversarial")
"""How the objects that are not there were chosen; the paper reports F1 of each, "yes" being positive."""
PARTS = " + ".join(f"coco_pope_{name}.json" for name in OBJECTS)
HUB_PARTS = " + ".join(f"*/{name}-*.parquet" for name in OBJECTS)


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    said = row.text("category")
    objects = [name for name in OBJECTS if name in (said or row.file.stem)]
    if len(objects) != 1:
        found = f"is {said!r}" if said else f"is missing, and the file is called {row.file.name}"
        raise ValueError(f"field 'category' {found}; it must be one of {', '.join(OBJECTS)}")
    name = "label" if row.has("label") else "answer"
    if row.word(name).lower() not in ("yes", "no"):
        raise ValueError(f"field {name!r} must be yes or no, and is {row.word(name)!r}")
    yield ParsedQuestion(
        key=f"{objects[0]}/{row.word('question_id', 'index')}",
        text=row.word("text", "question"),
        answers=(row.word(name).lower(),),
        pictures=row.pictures("image", "val2014/{}", "coco/val2014/{}"),
        facets={"objects": objects[0]},
    )


def _aliases(question: Question) -> tuple[str, ...]:
    """The number alone: each of the three files counts from 1."""
    return (question.id.rpartition("/")[2],)


RELEASE = Release(
    name="pope",
    title="POPE",
    version="1.0, on COCO val2014",
    citation="Li et al. 2023, Evaluating Object Hallucination in Large Vision-Language Models, EMNLP, arXiv 2305.10355",
    licence="MIT; pictures of COCO 2014",
    rule=MatchRule.YES_NO,
    metric=Metric.F1,
    splits={Split.TEST: ("test",)},
    layouts=(PARTS, HUB_PARTS, *HUB, "POPE.tsv"),
    pose=_parse_row,
    facets=("objects",),
    aliases=_aliases,
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

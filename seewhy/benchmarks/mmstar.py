"""MMStar: 1,500 questions that cannot be answered without the picture."""

import re
from collections.abc import Iterator

from seewhy.benchmarks.release.choices import LETTERS, letter_in, options_of
from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split

HEAD = re.compile(r"\n\s*(?:Options|Choices):\s*", re.IGNORECASE)
MARK = re.compile(r"(?:^|[,\n]\s*)\(?([A-F])[:.)]\s")
BARE = ("A", "B", "C", "D")
"""Options of a question whose own text could not be cut: it says them, and a letter is wanted."""


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    text, options = _cut(row.word("question"))
    if row.has("A"):
        options = options_of(row)
    yield ParsedQuestion(
        key=row.word("index"),
        text=text,
        options=options,
        answers=(letter_in(row, "answer", options),),
        pictures=row.pictures("image"),
        facets={"category": row.facet("category"), "skill": row.facet("l2_category")},
    )


def _cut(text: str) -> tuple[str, tuple[str, ...]]:
    """The question and its options, which are under it as `Options: A: one, B: two`.

    Example:
        >>> _cut("Which is it? Options: A: red, or so, B: blue".replace(" Options", chr(10) + "Options"))
        ('Which is it?', ('red, or so', 'blue'))
    """
    question, *rest = HEAD.split(text, maxsplit=1)
    marks = list(MARK.finditer(rest[0])) if rest else []
    in_order = [mark[1] for mark in marks] == list(LETTERS[: len(marks)])
    if len(marks) < 2 or not in_order:
        return text, BARE
    ends = [*(mark.start() for mark in marks[1:]), len(rest[0])]
    options = tuple(rest[0][mark.end() : end].strip(" ,\n") for mark, end in zip(marks, ends, strict=True))
    return question.strip(), options


RELEASE = Release(
    name="mmstar",
    title="MMStar",
    version="1.0 (March 2024)",
    citation="Chen et al. 2024, Are We on the Right Way for Evaluating Large Vision-Language Models?, NeurIPS, "
    "arXiv 2403.20330",
    licence="not stated by the release",
    rule=MatchRule.LETTER,
    splits={Split.TEST: ("val",)},
    layouts=("mmstar.parquet", *HUB, "MMStar.tsv"),
    pose=_parse_row,
    facets=("category", "skill"),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

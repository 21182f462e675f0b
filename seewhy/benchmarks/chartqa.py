"""ChartQA: questions about charts, written by people or made from summaries of the chart."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split

SOURCES = {"0": "human", "1": "augmented"}
"""`human_or_machine` of the Hub's copy."""


def _source(row: Row) -> str:
    """From the row where it says so, else from the name of its file."""
    said = row.text("human_or_machine", "type", "split")
    source = SOURCES.get(said, said) or row.file.stem
    for name in SOURCES.values():
        if name in source:
            return name
    found = f"is {said!r}" if said else f"is missing, and the file is called {row.file.name}"
    raise ValueError(f"field 'human_or_machine' (or type) {found}; it must say human or augmented")


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    yield ParsedQuestion(
        key=f"{_source(row)}/{row.number}",
        text=row.word("query", "question"),
        answers=row.answers("label", "answer"),
        pictures=row.pictures("image") or row.pictures("imgname", "png/{}"),
        facets={"source": _source(row)},
    )


RELEASE = Release(
    name="chartqa",
    title="ChartQA",
    version="1.0 (ACL 2022)",
    citation="Masry et al. 2022, ChartQA: A Benchmark for Question Answering about Charts with Visual and Logical "
    "Reasoning, Findings of ACL, arXiv 2203.10244",
    licence="GPL-3.0",
    rule=MatchRule.RELAXED_NUMBER,
    splits={
        Split.TRAIN: ("train",),
        Split.VALIDATION: ("val", "validation"),
        Split.TEST: ("test",),
    },
    layouts=("{split}/{split}_human.json + {split}/{split}_augmented.json", *HUB, "ChartQA_{SPLIT}.tsv"),
    pose=_parse_row,
    facets=("source",),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

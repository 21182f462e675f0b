"""CRPE: multiple-choice questions on objects and on the relations between them: subject, predicate, object."""

from collections.abc import Iterator

from seewhy.benchmarks.release.choices import letter_in, options_of, split_lines
from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    text, options = (row.word("question"), options_of(row)) if row.has("A") else split_lines(row.word("text"))
    part = "relation" if "relation" in row.file.stem.lower() else "existence"
    name = "correct_option" if row.has("correct_option") else "answer"
    yield ParsedQuestion(
        key=f"{part}/{row.word('question_id', 'index')}",
        text=text,
        options=options,
        answers=(letter_in(row, name, options),),
        pictures=row.pictures("image", "images/{}", "coco/{}"),
        facets={"category": row.facet("category")},
    )


RELEASE = Release(
    name="crpe",
    title="CRPE",
    version="1.0 (February 2024)",
    citation="Wang et al. 2024, The All-Seeing Project V2: Towards General Relation Comprehension of the Open World, "
    "ECCV, arXiv 2402.19474",
    licence="Apache-2.0; pictures of COCO 2017",
    rule=MatchRule.LETTER,
    splits={Split.TEST: ("test",)},
    layouts=("crpe_exist.jsonl + crpe_relation.jsonl", *HUB, "CRPE_EXIST.tsv + CRPE_RELATION.tsv"),
    pose=_parse_row,
    facets=("category",),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

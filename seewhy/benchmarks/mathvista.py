"""MathVista: mathematics in figures, charts, photographs and papers, of 28 older data sets and three new ones."""

from collections.abc import Iterator

from seewhy.benchmarks.release.choices import letters_of_text, perhaps_options_of
from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.rows import UNKNOWN, ParsedQuestion, Row, flags
from seewhy.records.types import MatchRule, Split

SKILLS = (
    "algebraic reasoning", "arithmetic reasoning", "geometry reasoning", "logical reasoning",
    "numeric commonsense", "scientific reasoning", "statistical reasoning",
)  # fmt: skip
"""Lu et al. 2024, section 2.1; a question may take several."""
NUMBERS = ("integer", "float")


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    about = row.nested("metadata") if isinstance(row.fields.get("metadata"), dict) else row
    options = perhaps_options_of(row, "choices")
    kind, unit = row.facet("answer_type"), row.text("unit")
    yield ParsedQuestion(
        key=row.word("pid", "key", "index"),
        text=row.word("question") + (f" (Unit: {unit})" if unit else ""),
        options=options,
        answers=letters_of_text(row, "answer", options) if options else (row.word("answer"),),
        rule=MatchRule.LETTER if options else MatchRule.MATH if kind in NUMBERS else MatchRule.EXACT,
        pictures=row.pictures("decoded_image") or row.pictures("image"),
        facets={
            "task": about.facet("task"),
            "context": about.facet("context"),
            "category": about.facet("category"),
            "grade": about.facet("grade"),
            "answer": kind,
            "precision": row.text("precision") or UNKNOWN,
            **flags(SKILLS, about.words("skills") if about.has("skills") else ()),
        },
    )


RELEASE = Release(
    name="mathvista",
    title="MathVista",
    version="1.0 (October 2023)",
    citation="Lu et al. 2024, MathVista: Evaluating Mathematical Reasoning of Foundation Models in Visual Contexts, "
    "ICLR, arXiv 2310.02255",
    licence="CC BY-SA 4.0; pictures under the licences of their data sets",
    rule=MatchRule.MATH,
    splits={Split.TEST: ("testmini",)},
    layouts=("{split}.json", "data/{split}.json", "annot_{split}.json", *HUB),
    pose=_parse_row,
    facets=("task", "context", "category", "grade", "answer", "precision", *SKILLS),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

"""ScienceQA: science questions of grades 1 to 12, many with a picture, a hint, a lecture and a solution."""

from collections.abc import Iterator

from seewhy.benchmarks.release.choices import letter_at, letter_in, options_of
from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.rows import UNKNOWN, ParsedQuestion, Row, flags
from seewhy.records.types import MatchRule, Split

SUBJECTS = {"natural science": "NAT", "social science": "SOC", "language science": "LAN"}
LAST_LOWER_GRADE = 6


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    if not row.is_ours("split"):
        return
    options = options_of(row, "choices")
    is_index = row.word("answer").isdecimal()
    hint, split = row.text("hint", "context"), row.text("split")
    pictures = row.pictures("image", f"images/{split}/{row.text('key')}/{{}}", f"{split}/{row.text('key')}/{{}}")
    yield ParsedQuestion(
        key=row.text("key", "id", "index") or str(row.number),
        text=row.word("question"),
        context=hint,
        options=options,
        answers=(letter_at(row, "answer", options) if is_index else letter_in(row, "answer", options),),
        pictures=pictures,
        rationale="\n".join(part for part in (row.text("lecture"), row.text("solution")) if part),
        facets={"subject": _subject(row), "grades": _grades(row), **_modality(row, hint)},
    )


def _subject(row: Row) -> str:
    said = row.facet("subject")
    if said not in SUBJECTS and said != UNKNOWN:
        raise ValueError(f"field 'subject' is {said!r}; there are {', '.join(SUBJECTS)}")
    return SUBJECTS.get(said, UNKNOWN)


def _grades(row: Row) -> str:
    if not row.has("grade"):
        return UNKNOWN
    grade = row.word("grade").removeprefix("grade")
    if not grade.isdecimal():
        raise ValueError(f"field 'grade' must be such as 'grade5', and is {row.word('grade')!r}")
    return "G1-6" if int(grade) <= LAST_LOWER_GRADE else "G7-12"


def _modality(row: Row, hint: str) -> dict[str, str]:
    """TXT and IMG overlap; NO is neither (Lu et al. 2022, table 3)."""
    found = {name for name, is_there in (("TXT", hint), ("IMG", row.has("image"))) if is_there}
    return flags(("TXT", "IMG", "NO"), found or {"NO"})


RELEASE = Release(
    name="scienceqa",
    title="ScienceQA",
    version="1.0 (September 2022)",
    citation="Lu et al. 2022, Learn to Explain: Multimodal Reasoning via Thought Chains for Science Question "
    "Answering, NeurIPS, arXiv 2209.09513",
    licence="CC BY-NC-SA 4.0",
    rule=MatchRule.LETTER,
    splits={
        Split.TRAIN: ("train",),
        Split.VALIDATION: ("val", "validation"),
        Split.TEST: ("test",),
    },
    layouts=("problems.json", "{split}*.jsonl", *HUB, "ScienceQA_{SPLIT}.tsv"),
    pose=_parse_row,
    facets=("subject", "grades", "TXT", "IMG", "NO"),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

"""MMMU: college questions of 30 subjects, with up to seven pictures, most with options."""

from collections.abc import Iterator

from seewhy.benchmarks.release.choices import letter_in, options_of
from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.mmmu_subjects import DOMAIN_OF, numbered_pictures
from seewhy.benchmarks.release.rows import UNKNOWN, ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    """Ids are such as `validation_Accounting_1`; a hidden answer is "?"."""
    key = row.word("id")
    split, _, rest = key.partition("_")
    subject = rest.rpartition("_")[0]
    if split not in row.names:
        return
    if subject not in DOMAIN_OF:
        raise ValueError(f"field 'id' is {key!r}; it must be such as 'validation_Accounting_1'")
    is_open = row.text("question_type") == "open"
    options = () if is_open else options_of(row, "options")
    yield ParsedQuestion(
        key=key,
        text=row.word("question"),
        options=options,
        answers=_answers(row, options),
        rule=MatchRule.LETTER if options else None,
        pictures=numbered_pictures(row),
        facets={
            "domain": DOMAIN_OF[subject],
            "subject": subject,
            "difficulty": row.facet("topic_difficulty"),
            "form": "open" if is_open else "options",
            "pictures": row.facet("img_type") if row.has("img_type") else UNKNOWN,
        },
    )


def _answers(row: Row, options: tuple[str, ...]) -> tuple[str, ...]:
    if row.split is Split.TEST:
        return ()
    if options:
        return (letter_in(row, "answer", options),)
    return row.answers("answer")


RELEASE = Release(
    name="mmmu",
    title="MMMU",
    version="1.0 (November 2023; the Hub's copy corrects answers now and then)",
    citation="Yue et al. 2024, MMMU: A Massive Multi-discipline Multimodal Understanding and Reasoning Benchmark for "
    "Expert AGI, CVPR, arXiv 2311.16502",
    licence="Apache-2.0",
    rule=MatchRule.MATH,
    splits={Split.TRAIN: ("dev",), Split.VALIDATION: ("validation",), Split.TEST: ("test",)},
    layouts=("MMMU_DEV_VAL.tsv", *HUB),
    pose=_parse_row,
    facets=("domain", "subject", "difficulty", "form", "pictures"),
    hidden=frozenset({Split.TEST}),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

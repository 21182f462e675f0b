"""GeoQA+ as G-LLaVA asks it (Geo170K): school geometry in conversations, with reasoning before the answer."""

import re
from collections.abc import Iterator

from seewhy.benchmarks.release.choices import LETTERS, split_lines
from seewhy.benchmarks.release.declared import HUB, Release
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Split

QUESTION = re.compile(r"Question:\s*(.*)", re.DOTALL)
"""The text before it says what to do; seewhy's own prompts say that."""
ANSWER = "Answer:"


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    asked, said = _turns(row)
    asked = asked.replace("<image>", "").strip()
    found = QUESTION.search(asked)
    text, options = split_lines(found[1] if found else asked)
    rationale, mark, answer = (part.strip() for part in said.rpartition(ANSWER))
    if not mark or not answer:
        raise ValueError(f"field 'conversations': the reply ends without {ANSWER!r}, in {said[-60:]!r}")
    letter = answer.strip("(). ")
    if options and (len(letter) != 1 or letter not in LETTERS[: len(options)]):
        raise ValueError(f"field 'conversations': the answer is {answer!r}, and there are {len(options)} options")
    yield ParsedQuestion(
        key=row.text("id", "question_id") or str(row.number),
        text=text.removesuffix("Choices:").rstrip(),
        options=options,
        answers=(letter if options else answer,),
        rule=MatchRule.LETTER if options else None,
        pictures=row.pictures("image", "images/{}"),
        rationale=rationale,
        facets={"form": "options" if options else "open"},
    )


def _turns(row: Row) -> tuple[str, str]:
    """What the first two turns say."""
    _, found = row.value("conversations")
    turns = found if isinstance(found, list) else []
    if len(turns) < 2 or not all(isinstance(turn, dict) for turn in turns):
        raise ValueError("field 'conversations' must hold a question's turn and a reply's")
    asked, said = (row.with_fields(turn).word("value") for turn in turns[:2])
    return asked, said


RELEASE = Release(
    name="geoqa",
    title="GeoQA+ (Geo170K)",
    version="Geo170K, qa_tuning (December 2023)",
    citation="Gao et al. 2023, G-LLaVA: Solving Geometric Problem with Multi-Modal Large Language Model, "
    "arXiv 2312.11370; Cao and Xiao 2022, GeoQA+, COLING",
    licence="Apache-2.0 (Geo170K); questions of GeoQA+ and Geometry3K",
    rule=MatchRule.MATH,
    splits={Split.TRAIN: ("train", "qa_tuning"), Split.TEST: ("test",)},
    layouts=("{split}.json", "{split}.jsonl", *HUB),
    pose=_parse_row,
    facets=("form",),
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files

"""mm-cot-rlaif's rows: an A-OKVQA question with the best and the worst of eight scored chains, in Parquet.

Source: mm-cot-rlaif, `DPO-train/Dataset_Generation.ipynb`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Reply
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.columns import FLAG, IMAGE, INTEGER, NOTED, NUMBER, TEXT, TEXTS, schema_of
from seewhy.formats.talk.marks import Draft, fill, split_marks
from seewhy.formats.talk.messages import answer
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import needed_picture, plain_pair
from seewhy.records.turns import Role

SIDES = ("best", "worst")


@dataclass(frozen=True, slots=True, kw_only=True)
class MmCot(Format):
    """The prompt is `question_full`, or `question` where that is missing; the margin is the scores' difference."""

    title: ClassVar[str] = "mm-cot-rlaif"
    columns: ClassVar[str] = "best_response, worst_response, question, image"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR,)
    layout: ClassVar[Layout] = Layout(
        kind=FileKind.PARQUET,
        schema=schema_of(
            image=IMAGE, question_id=TEXT, question=TEXT, question_full=TEXT, choices=TEXTS,
            correct_choice_idx=INTEGER, direct_answers=TEXT, difficult_direct_answer=FLAG, rationales=TEXTS,
            best_response=TEXT, best_response_score=NUMBER, worst_response=TEXT, worst_response_score=NUMBER, **NOTED,
        ),
    )  # fmt: skip

    def recognises(self, fields: Mapping[str, object]) -> bool:
        return {"best_response", "worst_response"} <= fields.keys()

    def parse(self, row: Row) -> Example:
        text = row.text("question_full" if row.value("question_full") is not None else "question")
        prompt, _ = fill([Draft(role=Role.USER, parts=split_marks(text))], row.looks("image"))
        scores = [row.number_or(f"{side}_response_score") for side in SIDES]
        replies = tuple(
            Reply(turns=answer(row.text(f"{side}_response")), score=score)
            for side, score in zip(SIDES, scores, strict=True)
        )
        best, worst = scores
        if best is not None and worst is not None and best < worst:
            raise RowError(Reason.NUMBER, f"field 'best_response_score' is {best}, below the worst's {worst}; "
                           "swap the sides, or take the row out")  # fmt: skip
        example = Example(
            kind=Kind.PAIR, prompt=prompt, replies=replies, answers=_answers(row), name=row.text_or("question_id"),
            margin=None if best is None or worst is None else best - worst,
        )  # fmt: skip
        return with_note(example, row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        text, best, worst = plain_pair(example, self.title)
        chosen, rejected = example.replies
        return {
            "image": shelf.cell(needed_picture(example, self.title)),
            "question_id": example.name or example.question, "question": text, "question_full": text,
            "best_response": best, "best_response_score": chosen.score,
            "worst_response": worst, "worst_response_score": rejected.score,
            **note_of(example, "scores", "name"),
        }  # fmt: skip


def _answers(row: Row) -> tuple[str, ...]:
    """The choice that is right."""
    choices, right = row.texts("choices"), row.value("correct_choice_idx")
    if right is None or not choices:
        return ()
    right = int(right) if isinstance(right, float) and right.is_integer() else right  # a column with empty cells
    if not isinstance(right, int) or not 0 <= right < len(choices):
        raise RowError(Reason.NUMBER, f"field 'correct_choice_idx' is {right!r}, and there are {len(choices)} choices; "
                       "count them from 0")  # fmt: skip
    return (choices[right],)

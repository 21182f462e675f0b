"""EasyR1's rows of questions for RL.

Source: EasyR1, `verl/utils/dataset.py`: the shipped config names `problem`, `answer` and `images`; the code's default
is `prompt`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import Draft, fill, marked_text, split_marks
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import one_answer, plain_turn
from seewhy.records.turns import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class EasyR1(Format):
    """Written as JSON Lines; paths begin at `image_dir`, the folder of the file."""

    title: ClassVar[str] = "EasyR1"
    columns: ClassVar[str] = "problem (or prompt, a text), answer, images"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.QUESTION,)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LINES)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        text = fields.get("problem", fields.get("prompt"))
        return isinstance(text, str) and "answer" in fields and not {"chosen", "completion"} & fields.keys()

    def parse(self, row: Row) -> Example:
        row.refuse(("videos",), "videos")
        name = "problem" if "problem" in row.fields else "prompt"
        draft = Draft(role=Role.USER, parts=split_marks(row.text(name)))
        prompt, is_placed = fill([draft], row.looks("images"))
        row.need("answer")
        example = Example(
            kind=Kind.QUESTION, prompt=prompt, answers=row.texts("answer"), name=row.text_or("id"),
            is_placed=is_placed,
        )  # fmt: skip
        return with_note(example, row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        return {
            "problem": marked_text(plain_turn(example, self.title), self.title),
            "answer": one_answer(example, "EasyR1's answer"),
            "images": [shelf.path(picture) for picture in example.pictures],
            **note_of(example, "answers"),
        }

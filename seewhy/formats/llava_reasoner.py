"""LLaVA-Reasoner's preference rows: one picture or none, put in front of the question by its code.

Source: LLaVA-Reasoner-DPO, `scripts_dpo/run_dpo.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Reply
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import Draft, fill, split_marks
from seewhy.formats.talk.messages import answer
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import front_picture, plain_pair
from seewhy.records.turns import Role

FACETS = ("ds_name", "origin_dataset")


@dataclass(frozen=True, slots=True, kw_only=True)
class LlavaReasoner(Format):
    """Written as JSON Lines."""

    title: ClassVar[str] = "LLaVA-Reasoner preference"
    columns: ClassVar[str] = "idx, question, chosen, rejected, image (a path)"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR,)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LINES)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        is_path = isinstance(fields.get("image"), str | None)
        return is_path and {"idx", "question", "chosen", "rejected"} <= fields.keys()

    def parse(self, row: Row) -> Example:
        draft = Draft(role=Role.USER, parts=split_marks(row.text("question")))
        pictures = row.looks("image")
        prompt, _ = fill([draft], pictures)
        example = Example(
            kind=Kind.PAIR, prompt=prompt, name=row.text_or("idx"),
            replies=tuple(Reply(turns=answer(row.text(side))) for side in ("chosen", "rejected")),
            facets={name: row.text_or(name) for name in FACETS if row.text_or(name)},
        )  # fmt: skip
        return with_note(example, row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        text, chosen, rejected = plain_pair(example, self.title)
        picture = front_picture(example, self.title)
        image = {"image": shelf.path(picture)} if picture else {}
        return {
            "idx": example.name, "question": text, "chosen": chosen, "rejected": rejected, **image,
            **{name: example.facets[name] for name in FACETS if name in example.facets},
            **note_of(example, "name"),
        }  # fmt: skip

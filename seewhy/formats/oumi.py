"""oumi's vision preference rows: a prompt text, pictures, and both replies as messages, of which the last counts.

Source: oumi, `data/dataset_examples/vision_language_dpo_format.jsonl`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Reply
from seewhy.formats.rows.faults import unheld
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import Draft, fill, is_front
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import MARKED, plain_turn, reply_texts
from seewhy.formats.talk.sides import reply_of
from seewhy.records.turns import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Oumi(Format):
    """Written as JSON Lines."""

    title: ClassVar[str] = "oumi vision preference"
    columns: ClassVar[str] = "prompt (a text), chosen and rejected (messages), images"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR,)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LINES)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        sides = [isinstance(fields.get(name), list) for name in ("chosen", "rejected")]
        return isinstance(fields.get("prompt"), str) and all(sides)

    def parse(self, row: Row) -> Example:
        draft = Draft(role=Role.USER, parts=(row.text("prompt"),))
        prompt, _ = fill([draft], row.looks("images"))
        replies: list[Reply] = []
        for name in ("chosen", "rejected"):
            turns = reply_of(row, name)
            if len(turns) != 1:
                raise unheld(
                    f"field {name!r} has {len(turns)} messages, of which oumi uses the last alone", "keep that one"
                )
            replies.append(Reply(turns=turns))
        return with_note(Example(kind=Kind.PAIR, prompt=prompt, replies=tuple(replies)), row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        turn = plain_turn(example, self.title)
        chosen, rejected = reply_texts(example, self.title)
        if not is_front(example.prompt):
            raise unheld("a picture stands within its text, and oumi shows pictures in front", MARKED)
        return {
            "prompt": turn.text,
            "images": [shelf.path(picture) for picture in example.pictures],
            "chosen": [{"role": "assistant", "content": chosen}],
            "rejected": [{"role": "assistant", "content": rejected}],
            **note_of(example),
        }

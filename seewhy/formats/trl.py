"""TRL's vision preference rows: pictures, and prompt, chosen and rejected as messages.

Source: TRL 1.16, `docs/source/dataset_formats.md` and `prepare_multimodal_messages` of `data_utils.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Reply
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.columns import IMAGES, MESSAGES, NOTED, schema_of
from seewhy.formats.talk.messages import as_parts
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import refuse_reply_pictures, require_one_prompt
from seewhy.formats.talk.sides import prompt_and_sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Trl(Format):
    """Written as Parquet with the pictures' bytes; contents are lists of parts in every turn.

    An implicit prompt is cut off at messages' bounds: both sides share all messages before the last user's end.
    """

    title: ClassVar[str] = "TRL preference"
    columns: ClassVar[str] = "prompt, chosen, rejected (texts or messages), images or image; no margin, no img_path"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR,)
    layout: ClassVar[Layout] = Layout(
        kind=FileKind.PARQUET,
        schema=schema_of(images=IMAGES, prompt=MESSAGES, chosen=MESSAGES, rejected=MESSAGES, **NOTED),
    )

    def recognises(self, fields: Mapping[str, object]) -> bool:
        there = fields.keys()
        if not {"chosen", "rejected"} <= there or there & {"img_path", "margin", "conversations", "question"}:
            return False
        chosen, prompt = fields["chosen"], fields.get("prompt")
        if prompt is None:
            return isinstance(chosen, list) and "images" not in there
        return isinstance(prompt, str) is isinstance(chosen, str)

    def parse(self, row: Row) -> Example:
        pictures = row.looks("images", "image")
        row.refuse(("videos", "video", "tools"), "videos and tools")
        prompt, sides, is_placed = prompt_and_sides(row, ("chosen", "rejected"), pictures)
        replies = tuple(Reply(turns=side) for side in sides)
        return with_note(Example(kind=Kind.PAIR, prompt=prompt, replies=replies, is_placed=is_placed), row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        chosen, rejected = example.replies
        require_one_prompt(example, self.title)
        refuse_reply_pictures(example, self.title)
        return {
            "images": [shelf.cell(picture) for picture in example.pictures],
            "prompt": as_parts(example.prompt),
            "chosen": as_parts(chosen.turns),
            "rejected": as_parts(rejected.turns),
            **note_of(example),
        }

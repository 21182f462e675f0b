"""TRL's prompt-completion rows with pictures, for SFT.

Source: TRL 1.16, `docs/source/dataset_formats.md`.
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
from seewhy.formats.talk.plain import refuse_reply_pictures
from seewhy.formats.talk.sides import prompt_and_sides


@dataclass(frozen=True, slots=True, kw_only=True)
class TrlCompletion(Format):
    """Written as Parquet with the pictures' bytes."""

    title: ClassVar[str] = "TRL prompt-completion"
    columns: ClassVar[str] = "prompt, completion (texts or messages), images or image; no label"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.LESSON,)
    layout: ClassVar[Layout] = Layout(
        kind=FileKind.PARQUET, schema=schema_of(images=IMAGES, prompt=MESSAGES, completion=MESSAGES, **NOTED)
    )

    def recognises(self, fields: Mapping[str, object]) -> bool:
        return {"prompt", "completion"} <= fields.keys() and "label" not in fields

    def parse(self, row: Row) -> Example:
        pictures = row.looks("images", "image")
        row.refuse(("videos", "video", "tools"), "videos and tools")
        prompt, sides, is_placed = prompt_and_sides(row, ("completion",), pictures)
        replies = tuple(Reply(turns=side) for side in sides)
        return with_note(Example(kind=Kind.LESSON, prompt=prompt, replies=replies, is_placed=is_placed), row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        refuse_reply_pictures(example, self.title)
        return {
            "images": [shelf.cell(picture) for picture in example.pictures],
            "prompt": as_parts(example.prompt),
            "completion": as_parts(example.replies[0].turns),
            **note_of(example),
        }

"""LLaVA's conversations, for SFT: `{id, image, conversations: [{from, value}]}` with `<image>` marks.

Source: haotian-liu/LLaVA, `docs/Finetune_Custom_Data.md`. Its trainer moves a mark to the front of its turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Reply
from seewhy.formats.rows.faults import unheld
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import MARK, fill, is_front, marked_text
from seewhy.formats.talk.messages import SHAREGPT, as_marked, drafts_of, split_reply
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.records.turns import Role

NAMES = {Role.USER: "human", Role.ASSISTANT: "gpt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Llava(Format):
    """Written as a JSON list; the last turn is the reply, those before it are the prompt."""

    title: ClassVar[str] = "LLaVA conversations"
    columns: ClassVar[str] = "conversations ({from, value}), image; no chosen"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.LESSON,)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LIST)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        return "conversations" in fields and not {"chosen", "rejected"} & fields.keys()

    def parse(self, row: Row) -> Example:
        row.refuse(("video", "videos", "audios"), "videos and sounds")
        drafts = drafts_of(
            row, "conversations", row.need("conversations"), mark=MARK, roles=SHAREGPT, keys=("from", "value")
        )
        turns, is_placed = fill(drafts, row.looks("image", "images"))
        prompt, reply = split_reply(turns, "conversations")
        return with_note(
            Example(
                kind=Kind.LESSON, prompt=prompt, replies=(Reply(turns=reply),), name=row.text_or("id"),
                is_placed=is_placed,
            ),
            row,
        )  # fmt: skip

    def remark(self, example: Example) -> str:
        return "" if is_front(example.prompt) else "LLaVA's trainer moves their picture marks to the front of the turn"

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        turns = (*example.prompt, *example.replies[0].turns)
        if turns[0].role is Role.SYSTEM:
            raise unheld("it has a system text, for which LLaVA's conversations have no turn")
        paths = [shelf.path(picture) for turn in turns for picture in turn.pictures]
        talk = as_marked(turns, lambda turn: marked_text(turn, "LLaVA"), NAMES, ("from", "value"))
        images: dict[str, object] = {"image": paths[0] if len(paths) == 1 else paths} if paths else {}
        name = {"id": example.name} if example.name else {}
        return {**name, **images, "conversations": talk, **note_of(example, "name")}

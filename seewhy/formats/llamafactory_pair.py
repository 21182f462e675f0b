"""LLaMA-Factory's newer paired rows: `chosen` and `rejected` are whole talks that share the pictures.

Source: LLaMA-Factory, `src/llamafactory/v1/plugins/data_plugins/converter.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Reply, Turn
from seewhy.formats.rows.faults import unheld
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import MARK, fill, marked_text
from seewhy.formats.talk.messages import as_marked, drafts_of, split_reply
from seewhy.formats.talk.notes import note_of, with_note


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaFactoryPair(Format):
    """Written as JSON Lines; each side uses all pictures, in order."""

    title: ClassVar[str] = "LLaMA-Factory v1 pair"
    columns: ClassVar[str] = "chosen and rejected (whole talks of messages), images; no prompt, no conversations"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR,)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LINES)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        is_talk = isinstance(fields.get("chosen"), list) and isinstance(fields.get("rejected"), list)
        return is_talk and "images" in fields and not fields.keys() & {"prompt", "conversations", "messages"}

    def parse(self, row: Row) -> Example:
        row.refuse(("videos", "audios", "tools"), "videos, sounds and tools")
        pictures = row.looks("images")
        talks = [fill(drafts_of(row, name, row.need(name), mark=MARK), pictures) for name in ("chosen", "rejected")]
        (prompt, chosen), (other, rejected) = (
            split_reply(turns, name) for (turns, _), name in zip(talks, ("chosen", "rejected"), strict=True)
        )
        example = Example(
            kind=Kind.PAIR, prompt=prompt, rejected_prompt=other if other != prompt else None,
            replies=(Reply(turns=chosen), Reply(turns=rejected)), is_placed=any(placed for _, placed in talks),
        )  # fmt: skip
        return with_note(example, row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        chosen, rejected = example.replies
        sides = [(*example.prompt, *chosen.turns), (*(example.rejected_prompt or example.prompt), *rejected.turns)]
        shown = [[picture.sha256 for turn in side for picture in turn.pictures] for side in sides]
        if shown[0] != shown[1]:
            raise unheld("its sides show unequal pictures, and LLaMA-Factory's pairs share theirs")
        talks = [as_marked(side, _text) for side in sides]
        paths = [shelf.path(picture) for turn in sides[0] for picture in turn.pictures]
        return {"chosen": talks[0], "rejected": talks[1], "images": paths, **note_of(example)}


def _text(turn: Turn) -> str:
    return marked_text(turn, "LLaMA-Factory")

"""mDPO's rows: one picture, and a prompt that is templated already; the template is taken off and put back.

Source: luka-group/mDPO, `data/sample_data.json`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Reply
from seewhy.formats.rows.faults import Reason, RowError, unheld
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import MARK, Draft, fill, split_marks
from seewhy.formats.talk.messages import answer
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import needed_picture, plain_pair
from seewhy.records.turns import Role

SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, "
    "and polite answers to the user's questions."
)
"""Vicuna's system text, as mDPO's data has it."""
TEMPLATE = re.compile(r"\s*(?P<system>A chat between .*?)?\s*USER: ?(?P<text>.*?)\s*ASSISTANT:\s*", re.DOTALL)
SPEAKERS = ("USER:", "ASSISTANT:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mdpo(Format):
    """Written as a JSON list."""

    title: ClassVar[str] = "mDPO"
    columns: ClassVar[str] = "img_path, prompt (templated), chosen, rejected"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR,)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LIST)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        return {"img_path", "prompt", "chosen", "rejected"} <= fields.keys()

    def parse(self, row: Row) -> Example:
        text = _without_template(row.text("prompt"))
        text = text.removeprefix(f"{MARK}\n") if text.startswith(MARK) and text.count(MARK) == 1 else text
        prompt, _ = fill([Draft(role=Role.USER, parts=split_marks(text))], row.looks("img_path"))
        replies = tuple(Reply(turns=answer(row.text(side))) for side in ("chosen", "rejected"))
        return with_note(Example(kind=Kind.PAIR, prompt=prompt, replies=replies, name=row.text_or("id")), row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        text, chosen, rejected = plain_pair(example, self.title)
        if text != text.strip():
            raise unheld("its question begins or ends with a blank, which cannot be told from mDPO's template",
                         "take the blank off, or choose another format")  # fmt: skip
        if held := [speaker for speaker in SPEAKERS if speaker in text]:
            raise unheld(
                f"its question holds {held[0]!r}, which is of mDPO's template", "reword it, or choose another format"
            )
        return {
            "img_path": shelf.path(needed_picture(example, self.title)),
            "prompt": f"{SYSTEM} USER: {MARK}\n{text} ASSISTANT:",
            "chosen": chosen, "rejected": rejected, **note_of(example),
        }  # fmt: skip


def _without_template(prompt: str) -> str:
    """The user's words; a prompt without any part of the template is all words."""
    found = TEMPLATE.fullmatch(prompt)
    if found and not any(speaker in found["text"] for speaker in SPEAKERS):
        return found["text"]
    if any(speaker in prompt for speaker in SPEAKERS):
        raise RowError(Reason.ROLE, "field 'prompt' holds parts of a template, and not one turn of the user within it "
                       "(... USER: ... ASSISTANT:); take the template off")  # fmt: skip
    return prompt

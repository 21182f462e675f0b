"""OpenRLHF's rows: questions with pictures for RL, and preferences of texts alone.

Source: OpenRLHF, `datasets/prompts_dataset.py` and `train_vlm_math_hybrid_engine.sh`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Reply
from seewhy.formats.rows.faults import unheld
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import MARK, Draft, fill, split_marks
from seewhy.formats.talk.messages import answer, as_parts, drafts_of, from_json
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import one_answer, plain_turn, reply_texts
from seewhy.records.turns import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRlhf(Format):
    """Written as JSON Lines: `prompt` as messages of parts where it is a question, as text where it is a pair."""

    title: ClassVar[str] = "OpenRLHF"
    columns: ClassVar[str] = "prompt (messages or text), label, images, datasource; or prompt, chosen, rejected, margin"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.QUESTION, Kind.PAIR)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LINES)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        there = fields.keys()
        is_pair = {"prompt", "chosen", "rejected", "margin"} <= there and not there & {"images", "image", "img_path"}
        return is_pair or (
            {"prompt", "label"} <= there and not there & {"completion", "chosen", "answer", "data_source"}
        )

    def parse(self, row: Row) -> Example:
        if "chosen" in row.fields:
            prompt = (Draft(role=Role.USER, parts=(row.text("prompt"),)),)
            replies = tuple(Reply(turns=answer(row.text(side))) for side in ("chosen", "rejected"))
            margin = row.number_or("margin")
            return with_note(Example(kind=Kind.PAIR, prompt=fill(prompt, ())[0], replies=replies, margin=margin), row)
        found, pictures = from_json(row.need("prompt")), row.looks("images")
        if isinstance(found, str):
            drafts = [Draft(role=Role.USER, parts=split_marks(row.whole(found, "prompt")))]
        else:
            drafts = drafts_of(row, "prompt", found, mark=MARK)
        turns, is_placed = fill(drafts, pictures)
        row.need("label")
        facets = {"datasource": row.text_or("datasource")} if row.text_or("datasource") else {}
        example = Example(
            kind=Kind.QUESTION, prompt=turns, answers=row.texts("label"), facets=facets, is_placed=is_placed
        )
        return with_note(example, row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        if example.kind is Kind.PAIR:
            chosen, rejected = reply_texts(example, self.title)
            if example.pictures:
                raise unheld("it shows pictures, and OpenRLHF's pairs are texts")
            text = plain_turn(example, self.title).text
            margin = 0.0 if example.margin is None else example.margin
            return {"prompt": text, "chosen": chosen, "rejected": rejected, "margin": margin,
                    **note_of(example, "margin")}  # fmt: skip
        label = one_answer(example, "OpenRLHF's label")
        return {
            "prompt": as_parts(example.prompt),
            "images": [shelf.path(picture) for picture in example.pictures],
            "label": label,
            "datasource": example.facets.get("datasource", "seewhy"),
            **note_of(example, "answers"),
        }

"""LLaMA-Factory's alpaca ranking rows: a prompt in two texts, earlier turns as pairs of texts, and two replies.

Source: LLaMA-Factory, `data/README.md`, `src/llamafactory/data/parser.py` (names of columns) and `converter.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, cast

from seewhy.formats.api import Format, Layout, Shelf, Source, Written
from seewhy.formats.rows.example import Example, Kind, Turn
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row, shown
from seewhy.formats.talk.marks import Draft, fill, marked_text, split_marks
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import reply_texts, split_system
from seewhy.formats.talk.registration import INFO, USUAL, names_in, registered_sets
from seewhy.formats.talk.sides import marked_replies
from seewhy.records.turns import Role

COLUMNS = {
    "prompt": "instruction", "query": "input", "history": "history", "system": "system", "images": "images",
    "chosen": "chosen", "rejected": "rejected",
}  # fmt: skip
"""What our rows are registered with."""
DEFAULTS = {**COLUMNS, "history": "", "system": "", "images": ""}
"""What a registration means that leaves one out; empty for a column that is then not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaFactoryAlpaca(Format):
    """Written as a JSON list and registered under the name of its file."""

    columns_by: Mapping[str, str] = field(default_factory=lambda: COLUMNS)
    """Its word for a column to the column's name, as the registration has them."""

    title: ClassVar[str] = "LLaMA-Factory alpaca ranking"
    columns: ClassVar[str] = "instruction, input, history, system, chosen and rejected (texts), images"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR,)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LIST)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        return {"instruction", "chosen", "rejected"} <= fields.keys()

    def claims(self, path: Path, found: Mapping[str, object]) -> Sequence[Source]:
        return [self._source(path, *one) for one in registered_sets(path, found, USUAL)]

    def _source(self, path: Path, name: str, entry: Mapping[str, object], file: Path) -> Source:
        columns = {**DEFAULTS, **names_in(path, f"{name}.columns", entry.get("columns"))}
        return Source(path=file, root=path.parent, reader=LlamaFactoryAlpaca(columns_by=columns))

    def parse(self, row: Row) -> Example:
        names = self.columns_by
        row.refuse([names.get(name, name) for name in ("videos", "audios", "tools")], "videos, sounds and tools")
        drafts = [*self._history(row), self._asked(row)]
        system = row.text_or(names["system"]) if names["system"] else ""
        if system:
            drafts.insert(0, Draft(role=Role.SYSTEM, parts=(system,)))
        sides = [[_draft(Role.ASSISTANT, row.text(name))] for name in (names["chosen"], names["rejected"])]
        prompt, is_placed = fill(drafts, row.looks(names["images"]) if names["images"] else ())
        example = Example(kind=Kind.PAIR, prompt=prompt, replies=marked_replies(sides), is_placed=is_placed)
        return with_note(example, row)

    def _asked(self, row: Row) -> Draft:
        """LLaMA-Factory puts the two texts under each other."""
        texts = [row.text_or(self.columns_by[name]) for name in ("prompt", "query")]
        if not any(texts):
            row.need(self.columns_by["prompt"])
        return _draft(Role.USER, "\n".join(filter(None, texts)))

    def _history(self, row: Row) -> list[Draft]:
        name = self.columns_by["history"]
        found = row.value(name) if name else None
        if found is None:
            return []
        turns = cast(list[object], found) if isinstance(found, list) else [found]
        drafts: list[Draft] = []
        for number, turn in enumerate(turns):
            texts = cast(list[object], turn) if isinstance(turn, list) else []
            if len(texts) != 2:
                raise RowError(Reason.TYPE, f"field '{name}[{number}]' must be two texts, of the user and of the "
                               f"assistant, and is {shown(turn)}")  # fmt: skip
            for role, text in zip((Role.USER, Role.ASSISTANT), texts, strict=True):
                drafts.append(_draft(role, row.whole(text, f"{name}[{number}]")))
        return drafts

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        reply_texts(example, self.title)
        chosen, rejected = (_text(reply.turns[0]) for reply in example.replies)
        system, talk = split_system(example.prompt, "LLaMA-Factory")  # then user and assistant take turns
        texts = [_text(turn) for turn in talk]
        return {
            "instruction": texts[-1], "input": "",
            "history": [list(pair) for pair in zip(texts[:-1:2], texts[1::2], strict=True)],
            "system": system, "chosen": chosen, "rejected": rejected,
            "images": [shelf.path(picture) for picture in example.pictures], **note_of(example),
        }  # fmt: skip

    def beside(self, name: str, files: Sequence[Written]) -> Mapping[str, Mapping[str, object]]:
        entry = {"formatting": USUAL, "ranking": True, "columns": COLUMNS}
        return {INFO: {Path(file.name).stem: {"file_name": file.name, **entry} for file in files}}


def _draft(role: Role, text: str) -> Draft:
    return Draft(role=role, parts=split_marks(text))


def _text(turn: Turn) -> str:
    return marked_text(turn, "LLaMA-Factory")

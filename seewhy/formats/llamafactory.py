"""LLaMA-Factory's sharegpt ranking rows, with the entry of dataset_info.json without which it does not read a file.

Source: LLaMA-Factory, `data/README.md` and `data/dataset_info.json`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf, Source, Written
from seewhy.formats.rows.example import Example, Kind, Turn
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import MARK, Draft, fill, marked_text
from seewhy.formats.talk.messages import SHAREGPT, as_marked, drafts_of
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import reply_texts, split_system
from seewhy.formats.talk.registration import INFO, names_in, registered_sets
from seewhy.formats.talk.sides import marked_replies
from seewhy.records.turns import Role

COLUMNS = {
    "messages": "conversations", "chosen": "chosen", "rejected": "rejected", "images": "images", "system": "system",
}  # fmt: skip
"""What our rows are registered with; a registration that leaves one out has its own default."""
DEFAULTS = {**COLUMNS, "images": "", "system": ""}
TAGS = {
    "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt", "system_tag": "system",
}  # fmt: skip
NAMES = {Role.USER: TAGS["user_tag"], Role.ASSISTANT: TAGS["assistant_tag"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaFactory(Format):
    """Written as a JSON list and registered under the name of its file."""

    columns_by: Mapping[str, str] = field(default_factory=lambda: COLUMNS)
    """Its word for a column to the column's name, as the registration has them."""
    tags: Mapping[str, str] = field(default_factory=lambda: {})
    """Words for roles and keys of messages, where the registration has some; else all common ones are known."""

    title: ClassVar[str] = "LLaMA-Factory sharegpt ranking"
    columns: ClassVar[str] = "conversations ({from, value}), chosen, rejected (one message each), images"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR,)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LIST)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        return {"conversations", "chosen", "rejected"} <= fields.keys()

    def claims(self, path: Path, found: Mapping[str, object]) -> Sequence[Source]:
        return [self._source(path, *one) for one in registered_sets(path, found, "sharegpt")]

    def _source(self, path: Path, name: str, entry: Mapping[str, object], file: Path) -> Source:
        columns = {**DEFAULTS, **names_in(path, f"{name}.columns", entry.get("columns"))}
        tags = {**TAGS, **names_in(path, f"{name}.tags", entry.get("tags"))}
        return Source(path=file, root=path.parent, reader=LlamaFactory(columns_by=columns, tags=tags))

    def parse(self, row: Row) -> Example:
        row.refuse([self.columns_by.get(name, name) for name in ("videos", "audios", "tools")],
                   "videos, sounds and tools")  # fmt: skip
        names = self.columns_by
        drafts = self._messages(row, names["messages"], row.need(names["messages"]))
        system = row.text_or(names["system"]) if names["system"] else ""
        if system:
            drafts.insert(0, Draft(role=Role.SYSTEM, parts=(system,)))
        sides = [self._messages(row, name, [row.need(name)]) for name in (names["chosen"], names["rejected"])]
        pictures = row.looks(names["images"]) if names["images"] else ()
        replies = marked_replies(sides)
        prompt, is_placed = fill(drafts, pictures)
        return with_note(Example(kind=Kind.PAIR, prompt=prompt, replies=replies, is_placed=is_placed), row)

    def _messages(self, row: Row, name: str, found: object) -> list[Draft]:
        keys = (self.tags.get("role_tag", "from"), self.tags.get("content_tag", "value"))
        roles = SHAREGPT if not self.tags else {
            self.tags["user_tag"]: Role.USER, self.tags["assistant_tag"]: Role.ASSISTANT,
            self.tags["system_tag"]: Role.SYSTEM,
        }  # fmt: skip
        return drafts_of(row, name, found, mark=MARK, roles=roles, keys=keys)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        reply_texts(example, self.title)
        system, talk = split_system(example.prompt, "LLaMA-Factory")
        chosen, rejected = (_message(reply.turns[0]) for reply in example.replies)
        return {
            "conversations": as_marked(talk, lambda turn: marked_text(turn, "LLaMA-Factory"), NAMES, ("from", "value")),
            "chosen": chosen, "rejected": rejected, "system": system,
            "images": [shelf.path(picture) for picture in example.pictures], **note_of(example),
        }  # fmt: skip

    def beside(self, name: str, files: Sequence[Written]) -> Mapping[str, Mapping[str, object]]:
        entry = {"formatting": "sharegpt", "ranking": True, "columns": COLUMNS, "tags": TAGS}
        return {INFO: {Path(file.name).stem: {"file_name": file.name, **entry} for file in files}}


def _message(turn: Turn) -> dict[str, object]:
    return {"from": NAMES[Role.ASSISTANT], "value": marked_text(turn, "LLaMA-Factory")}

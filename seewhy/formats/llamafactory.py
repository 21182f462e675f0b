"""LLaMA-Factory's sharegpt ranking rows, with the entry of dataset_info.json without which it does not read a file.

Source: LLaMA-Factory, `data/README.md` and `data/dataset_info.json`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, cast

from seewhy.formats.api import Format, Layout, Shelf, Source, Written
from seewhy.formats.rows.example import Example, Kind, Picture, Reply, Turn
from seewhy.formats.rows.faults import Reason, RowError, unheld
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import MARK, Draft, fill, marked_text
from seewhy.formats.talk.messages import SHAREGPT, as_marked, drafts_of
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.records.turns import Role

INFO = "dataset_info.json"
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
        entries = {name: cast(dict[str, object], entry) for name, entry in found.items() if isinstance(entry, dict)}
        is_info = bool(entries) and len(entries) == len(found) and all(
            entry.keys() & {"file_name", "hf_hub_url", "ms_hub_url", "script_url", "cloud_file_name"}
            for entry in entries.values()
        )  # fmt: skip
        if not is_info:
            return ()
        ranked = {name: entry for name, entry in entries.items() if entry.get("ranking") is True}
        if not ranked:
            raise ValueError(f"{path} registers no set with \"ranking\": true (it has {', '.join(entries)}); name the "
                             "file of the set instead")  # fmt: skip
        return [self._source(path, name, entry) for name, entry in ranked.items()]

    def _source(self, path: Path, name: str, entry: Mapping[str, object]) -> Source:
        if "file_name" not in entry:
            raise ValueError(f"{path}: {name} is fetched from elsewhere, and nothing is fetched here; download it and "
                             "name the file")  # fmt: skip
        if entry.get("formatting", "alpaca") != "sharegpt":
            raise ValueError(f"{path}: {name} is of formatting {entry.get('formatting', 'alpaca')!r}; of these sets, "
                             "sharegpt is read: name the file with --from instead")  # fmt: skip
        file = path.parent / str(entry["file_name"])
        if not file.is_file():
            raise ValueError(f"{path}: {name}.file_name: there is no file {file}; mend the path, or take {name} out")
        columns = {**DEFAULTS, **_texts(path, f"{name}.columns", entry.get("columns"))}
        tags = {**TAGS, **_texts(path, f"{name}.tags", entry.get("tags"))}
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
        prompt, replies, is_placed = _filled(drafts, sides, pictures)
        return with_note(Example(kind=Kind.PAIR, prompt=prompt, replies=replies, is_placed=is_placed), row)

    def _messages(self, row: Row, name: str, found: object) -> list[Draft]:
        keys = (self.tags.get("role_tag", "from"), self.tags.get("content_tag", "value"))
        roles = SHAREGPT if not self.tags else {
            self.tags["user_tag"]: Role.USER, self.tags["assistant_tag"]: Role.ASSISTANT,
            self.tags["system_tag"]: Role.SYSTEM,
        }  # fmt: skip
        return drafts_of(row, name, found, mark=MARK, roles=roles, keys=keys)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        if example.rejected_prompt is not None:
            raise unheld("its rejected reply has a prompt or pictures of its own, and sharegpt ranking shares them")
        if any(len(reply.turns) != 1 or reply.turns[0].pictures for reply in example.replies):
            raise unheld("a reply has several messages or shows a picture, and sharegpt ranking has one text each")
        turns = example.prompt
        system = turns[0].text if turns[0].role is Role.SYSTEM else ""
        talk = turns[1:] if system else turns
        if talk[0].role is not Role.USER or (system and turns[0].pictures):
            raise unheld("its system text shows a picture, and LLaMA-Factory's is text alone")
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


def _filled(
    drafts: Sequence[Draft], sides: Sequence[Sequence[Draft]], pictures: Sequence[Picture]
) -> tuple[tuple[Turn, ...], tuple[Reply, ...], bool]:
    """Pictures at the marks of the prompt; a mark in a reply would shift those of the other side."""
    for side in sides:
        if any(not isinstance(part, str) for draft in side for part in draft.parts):
            raise RowError(Reason.MARKS, f"a reply holds {MARK}: pictures of replies are not read; take the row out")
    prompt, is_placed = fill(drafts, pictures)
    return prompt, tuple(Reply(turns=fill(side, ())[0]) for side in sides), is_placed


def _texts(path: Path, name: str, found: object) -> dict[str, str]:
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f"{path}: {name} must be an object of names, and is {found!r:.80}")
    return cast(dict[str, str], found)

"""MMPR: a meta.json that lists sets, each a JSON Lines file of pairs with the folder of its pictures.

Source: InternVL, `internvl_chat_mpo.py`. There a share below 1 is drawn from the global random state, a number above 1
is cut to a whole one, and a row that cannot be read is replaced by another. Here a share is drawn by seed from the
whole set, 2.5 is twice and a half, and nothing is replaced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

from seewhy.formats.api import Format, Layout, Shelf, Source, Written
from seewhy.formats.rows.example import Example, Kind, Reply
from seewhy.formats.rows.packed import unpacked_name
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import Draft, fill, marked_text, split_marks
from seewhy.formats.talk.messages import answer
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import one_answer, plain_turn, reply_texts
from seewhy.formats.talk.registration import text_in
from seewhy.records.turns import Role

ENTRY = {"annotation", "root"}
META = "meta.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mmpr(Format):
    """Written as JSON Lines, with a meta.json beside it whose paths begin at its own folder."""

    title: ClassVar[str] = "MMPR"
    columns: ClassVar[str] = "question, chosen, rejected, image (a path or a list), answer_gt; no idx; or a meta.json"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR,)
    layout: ClassVar[Layout] = Layout(kind=FileKind.LINES)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        is_path = isinstance(fields.get("image"), str | list | None)
        return is_path and {"question", "chosen", "rejected"} <= fields.keys() and "idx" not in fields

    def claims(self, path: Path, found: Mapping[str, object]) -> Sequence[Source]:
        entries = [(name, cast(dict[str, object], entry)) for name, entry in found.items() if isinstance(entry, dict)]
        if len(entries) < len(found) or not any(entry.keys() >= ENTRY for _, entry in entries):
            return ()
        return [self._source(path, name, entry) for name, entry in entries]

    def _source(self, path: Path, name: str, entry: Mapping[str, object]) -> Source:
        root, annotation = (text_in(path, name, entry, field) for field in ("root", "annotation"))
        times = entry.get("repeat_time", 1)
        if "://" in root + annotation:
            raise ValueError(f"{path}: of {name}, {root if '://' in root else annotation} is in a store that is not "
                             "read; copy it to a folder, and name that")  # fmt: skip
        length = entry.get("length")
        if not unpacked_name(annotation).endswith(".jsonl"):
            raise ValueError(f"{path}: {name}.annotation is {annotation!r}; name a file that ends in .jsonl")
        if isinstance(times, bool) or not isinstance(times, int | float) or not 0 < times < float("inf"):
            raise ValueError(f"{path}: {name}.repeat_time is {times!r}; give a number above 0")
        file = path.parent / annotation
        if not file.is_file():
            raise ValueError(f"{path}: {name}.annotation: there is no file {file}; mend the path, or take {name} out")
        if length is not None and (not isinstance(length, int) or isinstance(length, bool)):
            raise ValueError(f"{path}: {name}.length is {length!r}; give its number of rows, or leave it out")
        return Source(path=file, reader=self, root=path.parent / root, times=float(times), expected=length)

    def parse(self, row: Row) -> Example:
        draft = Draft(role=Role.USER, parts=split_marks(row.text("question")))
        prompt, is_placed = fill([draft], row.looks("image"))
        example = Example(
            kind=Kind.PAIR, prompt=prompt, answers=row.texts("answer_gt"), is_placed=is_placed,
            replies=tuple(Reply(turns=answer(row.text(side))) for side in ("chosen", "rejected")),
        )  # fmt: skip
        return with_note(example, row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        text = marked_text(plain_turn(example, self.title), self.title)
        chosen, rejected = reply_texts(example, self.title)
        answer_gt = one_answer(example, "MMPR's answer_gt", may_lack=True)
        paths = [shelf.path(picture) for picture in example.pictures]
        images: dict[str, object] = {"image": paths[0] if len(paths) == 1 else paths} if paths else {}
        gold: dict[str, object] = {"answer_gt": answer_gt} if answer_gt else {}
        return {**images, "question": text, "chosen": chosen, "rejected": rejected, **gold,
                **note_of(example, "answers")}  # fmt: skip

    def beside(self, name: str, files: Sequence[Written]) -> Mapping[str, Mapping[str, object]]:
        entries = {
            Path(file.name).stem: {
                "root": ".", "annotation": file.name, "data_augment": False, "repeat_time": 1, "length": file.rows,
            }
            for file in files
        }  # fmt: skip
        return {META: entries}

"""verl's rows of questions for RL, in Parquet, with pictures by path.

Source: verl, `examples/data_preprocess/geo3k.py` and `utils/dataset/rl_dataset.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.columns import NOTED, PATHS, TEXT, TEXT_MESSAGES, schema_of, struct
from seewhy.formats.talk.marks import MARK, fill, marked_text
from seewhy.formats.talk.messages import as_marked, drafts_of, from_json
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import one_answer
from seewhy.records.turns import Role

SOURCE = "seewhy"
"""`data_source` of rows that name none; verl chooses the reward by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verl(Format):
    """One right answer a question; paths begin at the folder of the file."""

    title: ClassVar[str] = "verl"
    columns: ClassVar[str] = "data_source, prompt (messages), reward_model {ground_truth}, images"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.QUESTION,)
    layout: ClassVar[Layout] = Layout(
        kind=FileKind.PARQUET,
        schema=schema_of(
            data_source=TEXT, prompt=TEXT_MESSAGES, images=PATHS, ability=TEXT,
            reward_model=struct(style=TEXT, ground_truth=TEXT),
            extra_info=struct(split=TEXT, index=TEXT, answer=TEXT, question=TEXT), **NOTED,
        ),
    )  # fmt: skip

    def recognises(self, fields: Mapping[str, object]) -> bool:
        return {"data_source", "prompt", "reward_model"} <= fields.keys()

    def parse(self, row: Row) -> Example:
        row.refuse(("videos", "audios"), "videos and sounds")
        prompt, is_placed = fill(
            drafts_of(row, "prompt", from_json(row.need("prompt")), mark=MARK), row.looks("images")
        )
        gold, extra = row.nested("reward_model"), row.nested("extra_info")
        facets = {name: row.text_or(name) for name in ("data_source", "ability") if row.text_or(name)}
        example = Example(
            kind=Kind.QUESTION, prompt=prompt, answers=gold.texts("ground_truth"), name=extra.text_or("index"),
            facets=facets, is_placed=is_placed,
        )  # fmt: skip
        return with_note(example, row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        answer = one_answer(example, "verl's ground_truth")
        last = example.prompt[-1]
        facets = dict(example.facets)
        source, ability = facets.pop("data_source", SOURCE), facets.pop("ability", "")
        users = [turn.text for turn in example.prompt if turn.role is Role.USER]
        return {
            "data_source": source,
            "prompt": as_marked(example.prompt, lambda turn: marked_text(turn, self.title)),
            "images": [{"path": shelf.path(picture)} for picture in example.pictures],
            "ability": ability or None,
            "reward_model": {"style": "rule", "ground_truth": answer},
            "extra_info": {
                "split": facets.get("split", "train"), "index": example.name or None, "answer": answer,
                "question": users[-1] or last.text,
            },
            **note_of(example, "answers", "name"),
        }  # fmt: skip

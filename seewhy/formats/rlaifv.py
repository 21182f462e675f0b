"""RLAIF-V's rows in Parquet, with or without the reference's log-probabilities of both replies.

Source: RLAIF-V, `muffin/data/datasets.py` and `muffin/eval/muffin_inference_logp.py`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose
from typing import ClassVar, cast

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Reply
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row, shown
from seewhy.formats.talk.columns import IMAGE, NOTED, TEXT, schema_of
from seewhy.formats.talk.marks import Draft, fill, split_marks
from seewhy.formats.talk.messages import answer
from seewhy.formats.talk.notes import note_of, with_note
from seewhy.formats.talk.plain import needed_picture, plain_pair
from seewhy.records.turns import Role

SAID = {"question", "chosen", "rejected"}
FACETS = ("ds_name", "origin_dataset", "origin_split")
SIX = 6
"""Sum, mean and values by token of the chosen reply, then of the rejected one."""
LOOSE = 1e-2
"""Relative difference of a stored sum: it was computed in half precision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RlaifV(Format):
    """Written in files of 5,000 rows at most, as the published set is."""

    title: ClassVar[str] = "RLAIF-V"
    columns: ClassVar[str] = "image ({bytes, path}), question, chosen, rejected (or all three as JSON in text), logps"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR,)
    layout: ClassVar[Layout] = Layout(
        kind=FileKind.PARQUET, max_rows=5000,
        schema=schema_of(
            ds_name=TEXT, image=IMAGE, question=TEXT, chosen=TEXT, rejected=TEXT, origin_dataset=TEXT,
            origin_split=TEXT, idx=TEXT, image_path=TEXT, logps=TEXT, **NOTED,
        ),
    )  # fmt: skip

    def recognises(self, fields: Mapping[str, object]) -> bool:
        is_held = isinstance(fields.get("image"), Mapping | bytes)
        text = fields.get("text")
        is_packed = isinstance(text, str) and text.lstrip().startswith("{") and "ds_name" in fields
        return is_held and (is_packed or fields.keys() >= SAID)

    def parse(self, row: Row) -> Example:
        if "question" not in row.fields:
            row = row.within({**row.fields, **_packed(row)})
        prompt, _ = fill([Draft(role=Role.USER, parts=split_marks(row.text("question")))], row.looks("image"))
        stored = _stored(row)
        replies = tuple(
            Reply(turns=answer(row.text(side)), logprobs=values)
            for side, values in zip(("chosen", "rejected"), stored, strict=True)
        )
        example = Example(
            kind=Kind.PAIR, prompt=prompt, replies=replies, name=row.text_or("idx"),
            facets={name: row.text_or(name) for name in FACETS if row.text_or(name)},
        )  # fmt: skip
        return with_note(example, row)

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        text, chosen, rejected = plain_pair(example, self.title)
        cell = shelf.cell(needed_picture(example, self.title))
        values = [reply.logprobs for reply in example.replies]
        six = [part for one in values if one is not None for part in (sum(one), sum(one) / len(one), list(one))]
        facets = {name: example.facets.get(name) for name in FACETS}
        others = {name: value for name, value in example.facets.items() if name not in FACETS}
        return {
            **facets, "image": cell, "question": text, "chosen": chosen, "rejected": rejected,
            "idx": example.name or example.question, "image_path": cell["path"],
            "logps": json.dumps({"logps": six}) if len(six) == SIX else None,
            **note_of(replace(example, facets=others), "name"),
        }  # fmt: skip


def _packed(row: Row) -> Mapping[str, object]:
    """Question and replies of RLHF-V's rows, which hold them as one JSON text."""
    try:
        found: object = json.loads(row.text("text"))
    except ValueError as error:
        raise RowError(Reason.SYNTAX, f"field 'text' is no JSON ({error}); mend it, or take the row out") from error
    return row.within({"text": found}).nested("text").fields


def _stored(row: Row) -> list[tuple[float, ...] | None]:
    """Log-probabilities of each reply's tokens; None of both where the row has none."""
    found = row.value("logps")
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError as error:
            raise _unlike(found) from error
    if found is None:
        return [None, None]
    if isinstance(found, Mapping):
        found = cast(Mapping[str, object], found).get("logps")
    if not isinstance(found, list) or len(found) != SIX:
        raise _unlike(row.fields["logps"])
    six = cast(list[object], found)
    return [_of_reply(row, six[:3]), _of_reply(row, six[3:])]


def _of_reply(row: Row, three: Sequence[object]) -> tuple[float, ...]:
    """The values of the reply's own tokens: those of the prompt before it may be in the list."""
    total, mean = row.finite(three[0], "logps"), row.finite(three[1], "logps")
    if not isinstance(three[2], list):
        raise _unlike(row.fields["logps"])
    values = tuple(row.finite(one, "logps") for one in cast(list[object], three[2]))
    count = round(total / mean) if mean else len(values)
    kept = values[len(values) - count :] if 0 < count <= len(values) else ()
    if not kept or not isclose(sum(kept), total, rel_tol=LOOSE, abs_tol=LOOSE):
        raise RowError(Reason.NUMBER, f"field 'logps': the values of the last {count} tokens do not add up to the sum, "
                       f"{total}; compute them again, or take the field out")  # fmt: skip
    return kept


def _unlike(found: object) -> RowError:
    return RowError(Reason.TYPE, f"field 'logps' must be JSON of six: sum, mean and values by token of the chosen "
                    f"and of the rejected reply; it is {shown(found)}. Compute it again, or take it out")  # fmt: skip

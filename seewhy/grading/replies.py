"""A file's replies joined to the questions by id; what is left out is counted, and a gold answer is no reply."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seewhy.evaluation.intervals import name_ids
from seewhy.evaluation.predictions import Columns, Prediction, find_columns, ids_of, read_predictions
from seewhy.evaluation.suites import columns_of, suite_of
from seewhy.evaluation.tables import Table
from seewhy.grading.inputs import Asked, stem_of
from seewhy.grading.names import renames
from seewhy.judging.answers.suites.graded import gold_spellings
from seewhy.records.types import Question
from seewhy.runs.discovery import nearest

MISSING = ("wrong", "leave-out")
GOLD_FIELD = "answer"
"""A name under which files keep the gold answer as often as the reply."""
ABOUT_THE_QUESTION = frozenset((
    "question", "prompt", "query", "context", "hint", "image", "images", "image_path", "category", "type", "split",
    "options", "choices", "model", "subject", "topic", "level", "dataset", "source", "rationale", "solution",
))  # fmt: skip
"""Fields that hold no reply, whatever their text."""
NEARLY_ALL = 0.9
"""Share of rows from which on a field called `answer` that equals the gold is taken for it, beside another text."""
ALL_BUT_A_FEW = 0.96
"""The same for every other field."""
SURELY = 20
"""Rows from which on a field of any name, whose texts all equal the gold, is taken for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a predictions file is read."""

    id_field: str = ""
    text_field: str = ""
    rows_at: str = ""
    in_order: bool = False
    repeats: bool = False
    missing: str = ""

    def __post_init__(self) -> None:
        if self.missing not in ("", *MISSING):
            raise ValueError(f"`missing` {self.missing!r}{nearest(self.missing, MISSING)}")
        if self.in_order and self.id_field:
            raise ValueError("`in_order` and `id_field` are two ways to find a row's question; choose one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The replies of one file to the questions, and who has no partner."""

    path: Path
    replies: tuple[Prediction, ...]
    unasked: tuple[str, ...]
    """Ids of rows that name no question; they are not graded."""
    missing: tuple[str, ...]
    """Ids of questions without a reply."""


def join(table: Table, asked: Asked, reading: Reading) -> Joined:
    """The replies of a file by question id.

    Raises:
        ValueError: as `find_columns` and `read_predictions`; no row names a question; the field of the reply holds
            the gold; or questions have no reply and nothing says what they count as.
    """
    suite = suite_of(table)
    ids = [question.id for question in asked.questions]
    plain = suite is None or reading.in_order or bool(reading.id_field or reading.text_field)
    columns = (
        find_columns(table, id_field=reading.id_field, text_field=reading.text_field, in_order=reading.in_order)
        if plain or suite is None
        else columns_of(suite, table)
    )
    rename = None
    if columns.id:
        rename = renames(ids_of(table, columns.id), stem_of(table.path), asked.questions, asked.aliases)
    found = read_predictions(table, columns, ids=ids, repeats=reading.repeats, rename=rename)
    known = set(ids)
    replies = tuple(row for row in found if row.question_id in known)
    unasked = tuple(dict.fromkeys(row.question_id for row in found if row.question_id not in known))
    if not replies:
        raise ValueError(f"{table.path}: none of its {len(unasked)} ids ({name_ids(unasked)}) is among the {len(ids)} "
                         f"questions of {asked.source} ({name_ids(ids)}); is it of another split, or `id_field` of "
                         "another field?")  # fmt: skip
    if plain and not reading.text_field:
        _require_replies(table, columns, replies, asked.questions)
    answered = {row.question_id for row in replies}
    missing = tuple(name for name in ids if name not in answered)
    if missing and not reading.missing:
        raise ValueError(
            f"{table.path}: {len(missing)} of {len(ids)} questions have no reply: {name_ids(missing)}; say `missing` "
            "wrong to count them as without an answer, or `missing` leave-out to grade the others alone"
        )
    return Joined(path=table.path, replies=replies, unasked=unasked, missing=missing)


def _folded(text: str) -> str:
    """A gold answer as files write it: "B", "(b)" and "B." are one."""
    return text.strip().casefold().strip("()[]{}. ")


def _require_replies(
    table: Table, columns: Columns, replies: Sequence[Prediction], questions: Sequence[Question]
) -> None:
    """An error where the field that was taken for the reply, which was not named, seems to hold the gold answer."""
    golds = {question.id: {_folded(gold) for gold in gold_spellings(question)} for question in questions}
    same = sum(_folded(row.text) in golds[row.question_id] for row in replies)
    if same < NEARLY_ALL * len(replies):
        return
    others = [name for name in table.fields if name not in (columns.id, columns.text, *ABOUT_THE_QUESTION)
              and 2 * sum(isinstance(row.get(name), str | list) for row in table.rows) > len(table.rows)]  # fmt: skip
    is_sure = len(replies) >= SURELY and (
        same == len(replies) or (bool(others) and same >= ALL_BUT_A_FEW * len(replies))
    )
    if (columns.text == GOLD_FIELD and others) or is_sure:
        among = f"; is it {' or '.join(others[:5])}?" if others else ""
        raise ValueError(
            f"{table.path}: field {columns.text!r} equals the gold answer in {same} of {len(replies)} rows and seems "
            f"to hold it; say which field holds the reply with `text_field`{among} (or `text_field` {columns.text}, if "
            "these are the replies)"
        )

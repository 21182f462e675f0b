"""Which field of a row names its question and which holds the reply; nothing is guessed where several could."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from seewhy.evaluation.intervals import name_ids
from seewhy.evaluation.tables import KEY, VALUE, Table
from seewhy.records.cells import number_text

ID_FIELDS = (
    "id", "question_id", "questionId", "questionid", "qid", "index", "doc_id", "pid", "idx", "problem_id", "sample_id",
    "uid",
)  # fmt: skip
TEXT_FIELDS = (
    "prediction", "pred", "response", "text", "output", "answer", "model_answer", "filtered_resps", "completion",
    "generated_text", "model_output", "reply",
)  # fmt: skip
TALK_FIELDS = ("messages", "conversations", "conversation")
"""Fields that hold a conversation, whose last message is the reply; read where none of the others is there."""
SPEAKERS = ("assistant", "gpt", "model", "ai", "bot")
"""Words for the model in the messages of a conversation."""
BATCH = ("custom_id", "response")
"""Fields of a result of OpenAI's Batch API: the id of the request, and `{status_code, body}`, null where it failed."""
OK = 200
WHOLE = re.compile(r"([+-]?\d+)\.0+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A model's reply to a question.

    Example:
        >>> Prediction(question_id="q", index=0, text="The answer is B.").index
        0
    """

    question_id: str
    index: int
    """Number of the reply among those to the same question."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The fields that are read of each row; a dotted name goes into objects and lists.

    Example:
        >>> Columns(id="doc_id", text="filtered_resps").text
        'filtered_resps'
    """

    id: str
    """Empty where the rows are in the questions' order."""
    text: str


def find_columns(table: Table, *, id_field: str = "", text_field: str = "", in_order: bool = False) -> Columns:
    """The fields that hold the id and the reply: as named, else the only one that bears a well-known name.

    Raises:
        ValueError: none does, several do, or a named field is in no row; the message lists the fields.
    """
    for option, name in (("--id-field", id_field), ("--text-field", text_field)):
        if name and all(find_value(row, name) is None for row in table.rows):
            raise ValueError(f"{table.path}: {option} {name}: no row has it; the fields are {_listed(table)}")
    if {*BATCH} <= {*table.fields} and not id_field and not text_field:
        return Columns(id="" if in_order else BATCH[0], text=BATCH[1])
    if set(table.fields) == {KEY, VALUE}:
        return Columns(id=id_field or KEY, text=text_field or VALUE)
    if set(table.fields) == {VALUE}:
        if not in_order:
            raise ValueError(f"{table.path}: its rows are texts without ids; say --in-order where they stand in the "
                             "order of the questions")  # fmt: skip
        return Columns(id="", text=VALUE)
    known = {*table.fields} - {id_field, text_field}
    wanted_id = "" if in_order else id_field or _only(table, "--id-field", "id", ID_FIELDS, known, KEY)
    names = TEXT_FIELDS if known.intersection(TEXT_FIELDS) else TALK_FIELDS
    return Columns(id=wanted_id, text=text_field or _only(table, "--text-field", "reply", names, known))


def read_predictions(
    table: Table, columns: Columns, *, ids: Sequence[str] = (), repeats: bool = False,
    rename: Callable[[str, Mapping[str, object]], str] | None = None,
) -> tuple[Prediction, ...]:  # fmt: skip
    """The replies in a table.

    Args:
        table: the rows.
        columns: which fields hold what.
        ids: question ids in order, for rows without an id of their own.
        repeats: whether several replies to one question are samples of it, in the order of the file.
        rename: makes a question's id of the id in a row, and of the row.

    Raises:
        ValueError: a row has no id or a reply that is no text; a question has several replies and `repeats` is off;
            or rows without ids are not as many as the questions.
    """
    if not columns.id and len(table.rows) != len(ids):
        raise ValueError(f"{table.path}: {len(table.rows)} rows and {len(ids)} questions; --in-order needs equally "
                         "many, in the same order")  # fmt: skip
    found: list[Prediction] = []
    counts: dict[str, int] = {}
    for number, (row, place) in enumerate(zip(table.rows, table.places, strict=True)):
        at = f"{table.path}, {place}"
        name = id_text(find_value(row, columns.id), f"{at}: field {columns.id!r}") if columns.id else ids[number]
        name = rename(name, row) if rename else name
        is_batch = columns.text == BATCH[1] and BATCH[0] in row
        read = _batch_texts if is_batch else _texts
        for text in read(find_value(row, columns.text), f"{at}: field {columns.text!r}"):
            index = counts.get(name, 0)
            counts[name] = index + 1
            found.append(Prediction(question_id=name, index=index, text=text))
    several = [name for name, count in counts.items() if count > 1]
    if several and not repeats:
        raise ValueError(
            f"{table.path}: {len(several)} of {len(counts)} questions have more than one reply: {name_ids(several)}; "
            "keep one of each, or say --repeats where they are samples of one model"
        )
    return tuple(found)


def ids_of(table: Table, field: str) -> set[str]:
    """All ids in a table.

    Raises:
        ValueError: a row has none.
    """
    return {
        id_text(find_value(row, field), f"{table.path}, {place}: field {field!r}")
        for row, place in zip(table.rows, table.places, strict=True)
    }


def find_value(row: Mapping[str, object], field: str) -> object:
    """The value under a field's name, or under a dotted one such as `doc.answer` or `resps.0`; None where nothing."""
    if field in row:
        return row[field]
    found: object = row
    for part in field.split("."):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def id_text(value: object, place: str) -> str:
    """An id as text: 12, 12.0 and "12" are one.

    Raises:
        ValueError: it is empty, or neither text nor a number.
    """
    text = _scalar(value)
    if not text:
        raise ValueError(f"{place} is {value!r}; every row needs an id that is text or a number")
    return text


def whole_id(text: str) -> str:
    """The id without the ".0" that tables write after whole numbers.

    Example:
        >>> [whole_id(text) for text in ("12.0", "12", "1.5", "v1.0")]
        ['12', '12', '1.5', 'v1.0']
    """
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def is_empty(value: object) -> bool:
    """Whether a cell or field holds nothing: no value, not a number, or text without a letter."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _scalar(value: object) -> str | None:
    """Text, or a number as text; "" for nothing, None for what is neither."""
    if is_empty(value):
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return number_text(value)


def _texts(value: object, place: str) -> Iterable[str]:
    """The reply, or the replies of a list, or the last message of a conversation; an empty one says nothing."""
    if isinstance(value, Mapping) and is_message(value):
        value = [value]
    if isinstance(value, list) and value and all(is_message(one) for one in value):
        return [_last_message(value[-1], place)]
    if isinstance(value, list):
        if not value:
            raise ValueError(f"{place} is an empty list; a reply is text")
        return [text for one in value for text in _texts(one, place)]
    if isinstance(value, str):
        return [value]
    text = _scalar(value)
    if text is None:
        raise ValueError(f"{place} is {str(value)[:80]!r}; a reply is text")
    return [text]


def _batch_texts(value: object, place: str) -> Iterable[str]:
    """The replies of a batch's result, one a choice; none where the request failed, so that it counts as not answered.

    Raises:
        ValueError: it succeeded, and holds no choices.
    """
    if not isinstance(value, Mapping) or value.get("status_code", OK) != OK:
        return []
    choices = find_value(value, "body.choices")
    if not isinstance(choices, list) or not choices:
        raise ValueError(f"{place} is {str(value)[:80]!r}; a result of a batch holds `body.choices`")
    said = [find_value(one, "message.content") if isinstance(one, Mapping) else None for one in choices]
    return [text for number, one in enumerate(said) for text in _texts(one, f"{place}, choice {number}")]


def is_message(found: object) -> bool:
    """Whether this is one message: `{"role", "content"}`, or LLaVA's `{"from", "value"}`."""
    return isinstance(found, Mapping) and ({"role", "content"} <= found.keys() or {"from", "value"} <= found.keys())


def _last_message(message: Mapping[str, object], place: str) -> str:
    """What the model says at a conversation's end; parts of a text are put together."""
    role, content = (message[name] for name in (("role", "content") if "role" in message else ("from", "value")))
    if str(role).lower() not in SPEAKERS:
        raise ValueError(f"{place}: its last message is of {role!r}; the reply must be the last, and the model's")
    if not isinstance(content, list):
        content = [{"type": "text", "text": content}]
    parts = [part.get("text") for part in content if isinstance(part, Mapping) and part.get("type") in ("text", None)]
    if any(part is not None and not isinstance(part, str) for part in parts):
        raise ValueError(f"{place}: the last message is {str(content)[:80]!r}; a reply is text")
    return "".join(part for part in parts if isinstance(part, str))


def _only(table: Table, option: str, what: str, names: Sequence[str], known: set[str], spare: str = "") -> str:
    found = [name for name in names if name in known]
    if len(found) == 1:
        return found[0]
    if not found and spare in known:
        return spare
    could = f"{', '.join(found)} could all hold the {what}" if found else f"no field is known to hold the {what}"
    raise ValueError(f"{table.path}: {could}; say which with {option}. The fields are {_listed(table)}")


def _listed(table: Table) -> str:
    return ", ".join(table.fields[:40]) + (" ..." if len(table.fields) > 40 else "")

"""A conversation of one turn (messages, ShareGPT) as the fields of a question."""

from collections.abc import Mapping, Sequence
from typing import cast

LISTS = {"messages": ("role", "content"), "conversations": ("from", "value")}
"""Fields that hold a conversation, with the names of speaker and words in each turn."""
ASKS, ANSWERS = ("user", "human"), ("assistant", "gpt")
MARK = "<image>"
ANSWER_MARK = "### Answer:"
"""Of LLaVA-Reasoner: what stands before it is the rationale."""


def unfold(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields of a row whose conversation became `question`, `answer`, `rationale` and `images`.

    A row without a conversation is given back as it is. The reply is the answer; with an answer line it is rationale
    and answer, and beside an `answer` of the row it is the rationale.

    Raises:
        ValueError: there is more than one turn, or its pictures are not at the beginning.
    """
    found = {name: value for name, value in fields.items() if value is not None}
    name = next((one for one in LISTS if one in found), "")
    if not name:
        return found
    if "question" in found:
        raise ValueError(f"fields {name!r} and 'question' are both there; keep one")
    turns = [_turn(name, number, turn) for number, turn in enumerate(_listed(name, found.pop(name)), start=1)]
    speakers = [speaker for speaker, _, _ in turns]
    if not turns or speakers[0] not in ASKS or (len(turns) == 2 and speakers[1] not in ANSWERS) or len(turns) > 2:
        raise ValueError(f"field {name!r} holds the turns {', '.join(speakers) or 'of nobody'}: one question and one "
                         "reply at most are read here; a system text is a setting of the model")  # fmt: skip
    text, pictures = turns[0][1], turns[0][2]
    found["question"] = _without_marks(name, text, max(len(pictures), _pictures_beside(found)))
    if pictures:
        if "image" in found or "images" in found:
            raise ValueError(f"field {name!r} names pictures, and so does 'images'; keep one")
        found["images"] = list(pictures)
    return found if len(turns) == 1 else {**found, **_reply(turns[1][1], found)}


def _listed(name: str, value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise ValueError(f"field {name!r} must be a list of turns, and is {value!r:.80}")
    return cast(list[object], value)


def _turn(name: str, number: int, turn: object) -> tuple[str, str, list[object]]:
    """Speaker, words and pictures of a turn."""
    speaker, words = LISTS[name]
    if not isinstance(turn, Mapping) or turn.get(speaker) is None:
        raise ValueError(f"field {name!r}: turn {number} names no {speaker!r}")
    told = cast(Mapping[str, object], turn)
    content = told.get(words)
    if isinstance(content, str):
        return str(told[speaker]), content, []
    if not isinstance(content, list):
        raise ValueError(f"field {name!r}: turn {number} has no {words!r}, which is text or a list of parts")
    texts: list[str] = []
    pictures: list[object] = []
    for part in cast(list[object], content):
        _take(name, number, part, texts, pictures)
    return str(told[speaker]), "".join(texts), pictures


def _take(name: str, number: int, part: object, texts: list[str], pictures: list[object]) -> None:
    """A part of a turn: its type alone says what it is, for files of `datasets` give each part the keys of all."""
    kind = str(part.get("type")) if isinstance(part, Mapping) else type(part).__name__
    told = cast(Mapping[str, object], part)
    if kind == "text":
        texts.append(str(told.get("text") or ""))
    elif kind in ("image", "image_url"):
        if texts and "".join(texts).strip():
            raise ValueError(f"field {name!r}: turn {number} has a picture behind its text; pictures come first here")
        value = next((told[key] for key in ("image", "image_url", "path", "url") if told.get(key) is not None), None)
        if value is not None:
            pictures.append(value.get("url") if isinstance(value, Mapping) and "url" in value else value)
    else:
        raise ValueError(f"field {name!r}: turn {number} has a part of type {kind!r}; text and image are read")


def _pictures_beside(fields: Mapping[str, object]) -> int:
    images = fields.get("images")
    return len(images) if isinstance(images, list) else int("image" in fields or bool(images))


def _without_marks(name: str, text: str, pictures: int) -> str:
    """The words without picture marks: none at all is as good as one for each picture, all at the beginning."""
    marks = text.count(MARK)
    if marks not in (0, pictures):
        raise ValueError(f"field {name!r} has {marks} marks {MARK} for {pictures} pictures: write one each, or none")
    left = text.strip()
    for _ in range(marks):
        if not left.startswith(MARK):
            raise ValueError(f"field {name!r} has {MARK} within or behind its words; pictures come first here")
        left = left.removeprefix(MARK).strip()
    return left


def _reply(text: str, fields: Mapping[str, object]) -> dict[str, object]:
    rationale, mark, answer = text.partition(ANSWER_MARK)
    has_answer = "answer" in fields or "answers" in fields or "answer_index" in fields
    if has_answer:
        return {"rationale": rationale.strip()}
    return {"rationale": rationale.strip(), "answer": answer.strip()} if mark else {"answer": text.strip()}

"""A conversation (messages, ShareGPT) as the fields of a question: earlier turns, system text, pictures in place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from seewhy.records.conversation import MARK, split_marks
from seewhy.records.turns import Role, Turn

LISTS = {"messages": ("role", "content"), "conversations": ("from", "value")}
"""Fields that hold a conversation, with the names of speaker and words in each turn."""
SPEAKERS = {
    "system": Role.SYSTEM, "user": Role.USER, "human": Role.USER, "assistant": Role.ASSISTANT, "gpt": Role.ASSISTANT,
}  # fmt: skip
SYSTEM = "system"
"""The field of a row for a text before its turns."""
TALK = "talk"
"""Under which `unfold` leaves a `Talk`; a row of a file has no such field."""
ANSWER_MARK = "### Answer:"
"""Of LLaVA-Reasoner: the text before it is the rationale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a question has besides its last words."""

    turns: tuple[Turn, ...] = ()
    """Earlier turns, a system text first."""
    places: tuple[int, ...] | None = None
    """Of the last turn's pictures in its words; None where they are before all of them."""


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A turn as the file has it: words with a mark for each picture, and the pictures that its parts hold."""

    role: Role
    text: str
    pictures: list[object]


def unfold(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields of a row whose conversation became `question`, `answer`, `rationale`, `images` and a `Talk`.

    The last turn of the user is the question. A reply behind it is the answer; with an answer line it is rationale and
    answer, and beside an `answer` of the row it is the rationale. A row of one question without system text has no
    `Talk`. Marks of pictures are at their places; where there is none at all, pictures come before the words of the
    first turn of the user.

    Raises:
        ValueError: speakers do not take turns, or there are more or fewer marks than pictures.
    """
    found = {name: value for name, value in fields.items() if value is not None}
    name = next((one for one in LISTS if one in found), "")
    if not name:
        return _with_system(found)
    for other in ("question", *(one for one in LISTS if one != name)):
        if other in found:
            raise ValueError(f"fields {name!r} and {other!r} are both there; keep one")
    drafts = [_draft(name, number, turn) for number, turn in enumerate(_listed(name, found.pop(name)), start=1)]
    drafts = _headed(name, drafts, found)
    reply = drafts.pop() if drafts and drafts[-1].role is Role.ASSISTANT else None
    _require_order(name, drafts)
    if reply and MARK in reply.text:
        raise ValueError(f"field {name!r}: the reply shows a picture, and an answer is text; take the row out")
    _take_pictures(name, drafts, found)
    turns = [_turn(draft) for draft in drafts]
    last = turns.pop()
    found["question"] = last.text
    if turns or any(last.places):
        found[TALK] = Talk(turns=tuple(turns), places=last.places if any(last.places) else None)
    return {**found, **_reply(reply.text, found)} if reply else found


def _with_system(found: dict[str, object]) -> dict[str, object]:
    """A row of plain fields; its system text is a turn before its question."""
    if SYSTEM in found:
        found[TALK] = Talk(turns=(Turn(role=Role.SYSTEM, text=_words(SYSTEM, found.pop(SYSTEM))),))
    return found


def _words(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"field {name!r} must be text, and is {value!r:.80}")
    if not value.strip():
        raise ValueError(f"field {name!r} is blank; leave it out")
    if MARK in value:
        raise ValueError(f"field {name!r} holds {MARK}; pictures belong in the user's turns")
    return value.strip()


def _listed(name: str, value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise ValueError(f"field {name!r} must be a list of turns, and is {value!r:.80}")
    return cast(list[object], value)


def _headed(name: str, drafts: list[_Draft], found: dict[str, object]) -> list[_Draft]:
    """The turns with the row's system text before them."""
    if SYSTEM not in found:
        return drafts
    if drafts and drafts[0].role is Role.SYSTEM:
        raise ValueError(f"field {name!r} begins with a system text, and field {SYSTEM!r} is another one; keep one")
    return [_Draft(role=Role.SYSTEM, text=_words(SYSTEM, found.pop(SYSTEM)), pictures=[]), *drafts]


def _require_order(name: str, drafts: Sequence[_Draft]) -> None:
    """A system text may come first; then user and assistant take turns, and the user has the last word."""
    spoken = [draft.role for draft in drafts]
    asked = spoken[1:] if spoken[:1] == [Role.SYSTEM] else spoken
    wanted = [Role.USER if number % 2 == 0 else Role.ASSISTANT for number in range(len(asked))]
    if asked != wanted or len(asked) % 2 == 0:
        speakers = ", ".join(role.value for role in spoken) or "no one"
        raise ValueError(f"field {name!r}: before the reply speak {speakers}; at most one system text comes "
                         "first, then user and assistant take turns, and the last one before the reply is the "
                         "user's")  # fmt: skip
    for number, draft in enumerate(drafts, start=1):
        if draft.role is not Role.USER and MARK in draft.text:
            raise ValueError(f"field {name!r}: turn {number} of the {draft.role.value} shows a picture; pictures are "
                             "read in turns of the user")  # fmt: skip
        if not draft.text.strip():
            raise ValueError(f"field {name!r}: turn {number} is empty; leave it out")


def _draft(name: str, number: int, turn: object) -> _Draft:
    speaker, words = LISTS[name]
    if not isinstance(turn, Mapping) or turn.get(speaker) is None:
        raise ValueError(f"field {name!r}: turn {number} names no {speaker!r}")
    entry = cast(Mapping[str, object], turn)
    role = SPEAKERS.get(str(entry[speaker]))
    if role is None:
        raise ValueError(f"field {name!r}: turn {number} is by {str(entry[speaker])[:40]!r}; turns are read of "
                         f"{', '.join(SPEAKERS)}")  # fmt: skip
    content = entry.get(words)
    if isinstance(content, str):
        return _Draft(role=role, text=content, pictures=[])
    if not isinstance(content, list):
        raise ValueError(f"field {name!r}: turn {number} has no {words!r}, which is text or a list of parts")
    draft = _Draft(role=role, text="", pictures=[])
    for part in cast(list[object], content):
        _take(name, number, part, draft)
    return draft


def _take(name: str, number: int, part: object, draft: _Draft) -> None:
    """A part of a turn: its type alone says what it is, for files of `datasets` give each part the keys of all."""
    kind = str(part.get("type") or "") if isinstance(part, Mapping) else ""
    entry = cast(Mapping[str, object], part)
    if kind == "text":
        draft.text += str(entry.get("text") or "")
    elif kind in ("image", "image_url"):
        value = next((entry[key] for key in ("image", "image_url", "path", "url") if entry.get(key) is not None), None)
        draft.text += MARK
        if value is not None:
            draft.pictures.append(value.get("url") if isinstance(value, Mapping) and "url" in value else value)
    else:
        said = f"a part of type {kind!r}" if kind else f"a part without a 'type', {part!r:.60}"
        raise ValueError(f"field {name!r}: turn {number} has {said}; text and image are read")


def _take_pictures(name: str, drafts: Sequence[_Draft], found: dict[str, object]) -> None:
    """Pictures of the parts become `images`; each picture has its mark."""
    held = [picture for draft in drafts for picture in draft.pictures]
    if held and ("image" in found or "images" in found):
        raise ValueError(f"field {name!r} names pictures, and so does 'images'; keep one")
    if held:
        found["images"] = held
    pictures, marks = len(held) or _pictures_beside(found), sum(draft.text.count(MARK) for draft in drafts)
    if marks == 0 and pictures:
        first = next(draft for draft in drafts if draft.role is Role.USER)
        first.text = MARK * pictures + first.text
    elif marks != pictures:
        raise ValueError(f"field {name!r} has {marks} marks {MARK} for {pictures} pictures: write one each, or none")


def _pictures_beside(fields: Mapping[str, object]) -> int:
    images = fields.get("images")
    return len(images) if isinstance(images, list) else int("image" in fields or bool(images))


def _turn(draft: _Draft) -> Turn:
    """The turn without its marks; blanks at its edges, and those behind pictures before it, are not words."""
    text, places = split_marks(draft.text)
    kept = text.strip()
    cut = len(text) - len(text.lstrip())
    return Turn(role=draft.role, text=kept, places=tuple(min(max(place - cut, 0), len(kept)) for place in places))


def _reply(text: str, fields: Mapping[str, object]) -> dict[str, object]:
    rationale, mark, answer = text.partition(ANSWER_MARK)
    has_answer = "answer" in fields or "answers" in fields or "answer_index" in fields
    if has_answer:
        return {"rationale": rationale.strip()}
    return {"rationale": rationale.strip(), "answer": answer.strip()} if mark else {"answer": text.strip()}

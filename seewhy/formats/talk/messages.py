"""Messages as other tools write them, `{role, content}` or `{from, value}`, to turns and back."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from seewhy.formats.rows.example import Part, Picture, Turn
from seewhy.formats.rows.faults import Reason, RowError, unheld
from seewhy.formats.rows.row import Row, shown
from seewhy.formats.talk.marks import HOLE, MARK, Draft, Hole, split_marks
from seewhy.records.turns import Role

ROLES = {"system": Role.SYSTEM, "user": Role.USER, "assistant": Role.ASSISTANT, "developer": Role.SYSTEM}
SHAREGPT = {
    "system": Role.SYSTEM, "human": Role.USER, "user": Role.USER, "gpt": Role.ASSISTANT, "assistant": Role.ASSISTANT,
}  # fmt: skip
PICTURES = ("image", "image_url", "input_image")
"""Types of a part that shows a picture."""


def drafts_of(
    row: Row, name: str, found: object, *, mark: str = "", roles: Mapping[str, Role] = ROLES,
    keys: tuple[str, str] = ("role", "content"),
) -> list[Draft]:  # fmt: skip
    """Messages as turns whose pictures are holes; those that stand within a part are looked up.

    Args:
        row: where they are.
        name: of the field, for errors.
        found: the list of messages.
        mark: what stands in texts for a picture; empty where texts have no marks.
        roles: the row's words for roles.
        keys: of a message: role and content.
    """
    if not isinstance(found, list) or not found:
        raise RowError(
            Reason.TYPE,
            f"field {name!r} must be a list of messages, and is {shown(found)}; mend it, or take the row out",
        )
    return [
        _draft(row, f"{name}[{number}]", message, mark, roles, keys)
        for number, message in enumerate(cast(list[object], found))
    ]


def _draft(row: Row, name: str, found: object, mark: str, roles: Mapping[str, Role], keys: tuple[str, str]) -> Draft:
    if not isinstance(found, Mapping):
        raise RowError(Reason.TYPE, f"field {name!r} must be a message, {{{keys[0]!r}, {keys[1]!r}}}, and is "
                       f"{shown(found)}; mend it, or take the row out")  # fmt: skip
    message = row.within(found)
    message.refuse(("tool_calls", "function_call", "audio"), "tool calls and sounds")
    said = message.fields.get(keys[0])
    if not isinstance(said, str) or said not in roles:
        known = ", ".join(map(repr, roles))
        raise RowError(
            Reason.ROLE,
            f"field '{name}.{keys[0]}' is {shown(said)}, and roles are {known}; mend it, or take the row out",
        )
    content = message.fields.get(keys[1])
    place = f"{name}.{keys[1]}"
    if content is None:
        raise RowError(Reason.MISSING, f"field {place!r} is missing; give it, or take the row out")
    if isinstance(content, list):
        pieces = [_part(row, f"{place}[{number}]", part) for number, part in enumerate(cast(list[object], content))]
        parts = tuple(piece for piece in pieces if piece != "")
    else:
        text = row.any_text(content, place)
        parts = split_marks(text, mark) if mark else (text,) if text else ()
    return Draft(role=roles[said], parts=parts)


def _part(row: Row, name: str, found: object) -> Part | Hole:
    """One part of a content; `type` alone says what it is, and a null key is no key."""
    if isinstance(found, str):
        return row.any_text(found, name)
    if not isinstance(found, Mapping):
        raise RowError(
            Reason.TYPE,
            f"field {name!r} must be a part with a 'type', and is {shown(found)}; mend it, or take the row out",
        )
    part = row.within(found)
    kind = part.fields.get("type")
    if kind in ("text", "input_text", "output_text"):
        return row.any_text(part.fields.get("text"), f"{name}.text")
    if kind in PICTURES:
        held = next((part.fields[key] for key in ("image", "image_url", "url", "path") if part.value(key)), None)
        if isinstance(held, Mapping) and "url" in held:
            held = held["url"]
        return HOLE if held is None else row.pictures.find(held, name)
    raise RowError(
        Reason.TYPE, f"field '{name}.type' is {shown(kind)}, and parts are text and image; mend it, or take the row out"
    )


def from_json(found: object) -> object:
    """A list of messages that is written as JSON text, as some tools' columns hold it; anything else as it is.

    Example:
        >>> from_json('[{"role": "user", "content": "Hi"}]'), from_json("[1] is a source")
        ([{'role': 'user', 'content': 'Hi'}], '[1] is a source')
    """
    if not isinstance(found, str) or not found.lstrip().startswith("["):
        return found
    try:
        talk: object = json.loads(found)
    except ValueError:
        return found
    messages = cast(list[object], talk) if isinstance(talk, list) else [None]
    is_talk = all(isinstance(one, dict) and {"role", "content"} <= one.keys() for one in messages)
    return talk if is_talk else found


def as_parts(turns: Sequence[Turn]) -> list[dict[str, object]]:
    """Messages whose contents are lists of parts, pictures as `{"type": "image"}`: one form in every turn."""
    return [{"role": turn.role.value, "content": [_plain_part(part) for part in turn.parts]} for turn in turns]


def _plain_part(part: Part) -> dict[str, object]:
    return {"type": "image"} if isinstance(part, Picture) else {"type": "text", "text": part}


def as_marked(
    turns: Sequence[Turn], text_of: Callable[[Turn], str], names: Mapping[Role, str] | None = None,
    keys: tuple[str, str] = ("role", "content"),
) -> list[dict[str, object]]:  # fmt: skip
    """Messages whose contents are texts."""
    speakers = names or {role: role.value for role in Role}
    return [{keys[0]: speakers[turn.role], keys[1]: text_of(turn)} for turn in turns]


def user_turn(parts: Sequence[Part]) -> tuple[Turn, ...]:
    """A prompt of one turn."""
    return (Turn(role=Role.USER, parts=tuple(part for part in parts if part != "")),)


def answer(text: str) -> tuple[Turn, ...]:
    """A reply of one turn."""
    return (Turn(role=Role.ASSISTANT, parts=(text,)),)


def one_turn(turns: Sequence[Turn], format_name: str) -> Turn:
    """The only turn of a prompt, for a format without earlier turns and system texts.

    Raises:
        RowError: there are others.
    """
    if len(turns) != 1:
        what = "a system text" if turns[0].role is Role.SYSTEM and len(turns) == 2 else "earlier turns"
        raise unheld(f"its prompt has {what}, for which {format_name} has no field")
    return turns[0]


def split_reply(turns: Sequence[Turn], name: str) -> tuple[tuple[Turn, ...], tuple[Turn, ...]]:
    """A whole talk as prompt and reply: what follows the last user's turn is the reply.

    Raises:
        RowError: nothing follows, or no user speaks.
    """
    last = max((place for place, turn in enumerate(turns) if turn.role is Role.USER), default=None)
    if last is None or last + 1 == len(turns):
        said = (
            "has no turn of the user; begin it with one" if last is None else
            "ends with the user, so it has no reply; end it with an assistant's turn"
        )  # fmt: skip
        raise RowError(Reason.ROLE, f"field {name!r} {said}, or take the row out")
    return tuple(turns[: last + 1]), tuple(turns[last + 1 :])


__all__ = [
    "MARK", "ROLES", "SHAREGPT", "answer", "as_marked", "as_parts", "drafts_of", "from_json", "one_turn", "split_reply",
    "user_turn",
]  # fmt: skip

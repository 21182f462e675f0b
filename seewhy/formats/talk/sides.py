"""Prompt and replies of rows that give them as texts or as messages, a prompt left implicit included."""

from collections.abc import Sequence

from seewhy.formats.rows.example import Picture, Reply, Turn
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.marks import MARK, Draft, fill, split_marks
from seewhy.formats.talk.messages import answer, drafts_of, split_reply
from seewhy.records.turns import Role

Turns = tuple[Turn, ...]


def prompt_and_sides(row: Row, names: Sequence[str], pictures: Sequence[Picture]) -> tuple[Turns, list[Turns], bool]:
    """The prompt, the reply under each name, and whether the pictures' places are the format's own.

    Raises:
        RowError: a field is not as it must be; or an implicit prompt is not the same in all replies.
    """
    if row.value("prompt") is None:
        talks = [fill(drafts_of(row, name, row.need(name)), pictures) for name in names]
        parts = [split_reply(turns, name) for (turns, _), name in zip(talks, names, strict=True)]
        prompt = parts[0][0]
        if any(other != prompt for other, _ in parts[1:]):
            raise RowError(Reason.ROLE, f"fields {' and '.join(map(repr, names))} begin with unequal prompts, and "
                           "there is no field 'prompt'; give one")  # fmt: skip
        return prompt, [reply for _, reply in parts], talks[0][1]
    prompt, is_placed = fill(_prompt(row, bool(pictures)), pictures)
    return prompt, [reply_of(row, name) for name in names], is_placed


def _prompt(row: Row, has_pictures: bool) -> list[Draft]:
    found = row.need("prompt")
    if not isinstance(found, str):
        return drafts_of(row, "prompt", found)
    text = row.whole(found, "prompt")
    return [Draft(role=Role.USER, parts=split_marks(text, MARK) if has_pictures else (text,))]


def reply_of(row: Row, name: str) -> Turns:
    """A reply, as text or as messages without pictures that the row has elsewhere."""
    found = row.need(name)
    if isinstance(found, str):
        return answer(row.whole(found, name))
    turns, _ = fill(drafts_of(row, name, found), ())
    return turns


def marked_replies(sides: Sequence[Sequence[Draft]]) -> tuple[Reply, ...]:
    """Replies of a format whose marks are those of the pictures of all turns: a mark in one would shift the other's.

    Raises:
        RowError: a reply has one.
    """
    for side in sides:
        if any(not isinstance(part, str) for draft in side for part in draft.parts):
            raise RowError(Reason.MARKS, f"a reply holds {MARK}: pictures of replies are not read; take the row out")
    return tuple(Reply(turns=fill(side, ())[0]) for side in sides)

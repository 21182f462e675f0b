"""Places of pictures: marks in texts, and holes in turns that a row's pictures fill in order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seewhy.formats.rows.example import Part, Picture, Turn
from seewhy.formats.rows.faults import Reason, RowError, unheld
from seewhy.records.conversation import MARK
from seewhy.records.turns import Role

OTHERS = ("<video>", "<audio>")
"""Marks of what seewhy does not read."""


@dataclass(frozen=True, slots=True)
class Hole:
    """The place of a picture that the row has elsewhere."""


HOLE = Hole()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A turn before its pictures are at their places."""

    role: Role
    parts: tuple[Part | Hole, ...]


def split_marks(text: str, mark: str = MARK) -> tuple[str | Hole, ...]:
    r"""A text with marks as texts and holes; every character but the marks' own is kept.

    Example:
        >>> split_marks("<image>\nWhat is <image>?")
        (Hole(), '\nWhat is ', Hole(), '?')
    """
    pieces = text.split(mark)
    parts: list[str | Hole] = [pieces[0]] if pieces[0] else []
    for piece in pieces[1:]:
        parts.append(HOLE)
        if piece:
            parts.append(piece)
    return tuple(parts)


def fill(drafts: Sequence[Draft], pictures: Sequence[Picture]) -> tuple[tuple[Turn, ...], bool]:
    """The turns with the pictures in the holes, in order; and whether there was no hole, though there are pictures.

    Then they go in front of the first user's turn, which is where all these formats put them.

    Raises:
        RowError: some holes, but not as many as pictures; or pictures and no user's turn.
    """
    holes = sum(part is HOLE for draft in drafts for part in draft.parts)
    if pictures and not holes:
        return _in_front(drafts, pictures), True
    if holes != len(pictures):
        raise RowError(
            Reason.MARKS, f"it marks {holes} places of pictures and has {len(pictures)} pictures; give as many marks "
            "as pictures, a picture that is shown twice named twice, or take the row out",
        )  # fmt: skip
    left = iter(pictures)
    return tuple(
        Turn(role=draft.role, parts=tuple(next(left) if isinstance(part, Hole) else part for part in draft.parts))
        for draft in drafts
    ), False


def _in_front(drafts: Sequence[Draft], pictures: Sequence[Picture]) -> tuple[Turn, ...]:
    first = next((place for place, draft in enumerate(drafts) if draft.role is Role.USER), None)
    if first is None:
        raise RowError(Reason.ROLE, "it has pictures and no turn of the user that could show them; take the row out")
    turns, _ = fill(drafts, ())
    front = Turn(role=Role.USER, parts=(*pictures, *turns[first].parts))
    return (*turns[:first], front, *turns[first + 1 :])


def emptied(turn: Turn) -> tuple[str | Hole, ...]:
    """The turn's parts with holes in place of its pictures."""
    return tuple(HOLE if isinstance(part, Picture) else part for part in turn.parts)


def marked_text(turn: Turn, format_name: str, mark: str = MARK) -> str:
    """The turn as one text, a mark at the place of each picture.

    Raises:
        RowError: its text holds a mark, which would be taken for a picture.
    """
    refuse_marks(turn, format_name, (mark, *OTHERS))
    return "".join(mark if isinstance(part, Picture) else part for part in turn.parts)


def refuse_marks(turn: Turn, format_name: str, marks: Iterable[str]) -> None:
    """Raise RowError where a text holds a mark."""
    for mark in marks:
        if any(mark in part for part in turn.parts if isinstance(part, str)):
            raise unheld(
                f"its text holds {mark!r}, which {format_name} takes for a mark", "reword it, or choose another format"
            )


def is_front(turns: Sequence[Turn]) -> bool:
    """Whether all pictures stand in front of the first user's turn, where formats without marks show them.

    Example:
        >>> is_front([Turn(role=Role.USER, parts=("Look: ", Picture(sha256="ab", suffix="png")))])
        False
    """
    users = [turn for turn in turns if turn.role is Role.USER]
    if any(turn.pictures for turn in turns if turn.role is not Role.USER) or any(turn.pictures for turn in users[1:]):
        return False
    parts = users[0].parts if users else ()
    count = sum(isinstance(part, Picture) for part in parts)
    return all(isinstance(part, Picture) for part in parts[:count])

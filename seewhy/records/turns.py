"""Turns of a conversation: who speaks, what is said, and where its pictures are."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """A picture by its content; pixels are read only when a model encodes them.

    Example:
        >>> ImageRef(sha256="ab12", path="images/ab12.png").path
        'images/ab12.png'
    """

    sha256: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn of a conversation; its pictures are among those of the question.

    Example:
        >>> Turn(role=Role.USER, text="Compare this with this.", places=(12, 22)).places
        (12, 22)
    """

    role: Role
    text: str
    """Its words, without marks for pictures."""
    places: tuple[int, ...] = ()
    """Offsets in `text`, ascending, of its pictures: 0 is before the first character; equal ones follow each other."""

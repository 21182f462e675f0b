"""What a row of any format says: turns with pictures at their places, replies, and what is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from seewhy.formats.rows.faults import unheld
from seewhy.records.turns import Role


class Kind(StrEnum):
    """What a row is."""

    QUESTION = "question"
    LESSON = "lesson"
    PAIR = "pair"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that was found and decoded: a file, or bytes."""

    sha256: str
    suffix: str
    """Ending of a file of its format, without the point."""
    path: Path | None = None
    payload: bytes = field(default=b"", repr=False)

    def content(self) -> bytes:
        """The bytes of its file, unchanged."""
        return self.payload if self.path is None else self.path.read_bytes()


Part = str | Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message: texts and pictures in their order."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Its pictures, in order."""
        return tuple(part for part in self.parts if isinstance(part, Picture))

    @property
    def text(self) -> str:
        """Its texts without the pictures."""
        return "".join(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What answers a prompt: one turn of the assistant, or several messages."""

    turns: tuple[Turn, ...]
    score: float | None = None
    by: str = ""
    """Who wrote it."""
    token_ids: tuple[int, ...] | None = None
    logprobs: tuple[float, ...] | None = None
    """Under a reference model, one for each token, as the file has them."""

    @property
    def text(self) -> str:
        """The text, where the reply is one turn without pictures.

        Raises:
            RowError: it is not.
        """
        if len(self.turns) != 1 or self.turns[0].pictures:
            said = "shows a picture" if len(self.turns) == 1 else f"has {len(self.turns)} messages"
            raise unheld(f"a reply {said}, and is to be one text")
        return self.turns[0].text


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One row: a question (no replies), a lesson (one), a pair (the chosen reply, then the rejected one) or a group."""

    kind: Kind
    prompt: tuple[Turn, ...]
    replies: tuple[Reply, ...] = ()
    rejected_prompt: tuple[Turn, ...] | None = None
    """What the rejected reply of a pair answers, where that is another prompt or shows other pictures."""
    answers: tuple[str, ...] = ()
    """Right answers."""
    margin: float | None = None
    source: str = ""
    name: str = ""
    """Id of the row in its file; empty where it has none."""
    question: str = ""
    """Id of its question; empty where it has none."""
    style: str = ""
    """Name of the prompt's style, where seewhy wrote the prompt."""
    stream: str = ""
    weight: float = 1.0
    """Factor of its loss."""
    picks: tuple[tuple[int, int, float], ...] = ()
    """Pairs of a group that are trained on: the chosen and the rejected reply by number, and the pair's weight."""
    facets: Mapping[str, str] = field(default_factory=dict[str, str])
    is_placed: bool = False
    """Whether the row had pictures and no mark of their places, so that they stand where its format puts them."""

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Those of the prompt, in order."""
        return tuple(picture for turn in self.prompt for picture in turn.pictures)

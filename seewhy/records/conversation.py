"""A question as turns with pictures at their places, checked; and text with marks such as `<image>`, each way."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, pairwise

from seewhy.records.turns import ImageRef, Role, Turn
from seewhy.records.types import Question

MARK = "<image>"
"""The mark of a picture in a text in files of most formats."""


def split_marks(text: str, mark: str = MARK) -> tuple[str, tuple[int, ...]]:
    r"""A text without its marks, and their offsets in it; every other character stays.

    Example:
        >>> split_marks("<image>\nIs it like <image>?")
        ('\nIs it like ?', (0, 12))
    """
    pieces = text.split(mark)
    places: list[int] = []
    for piece in pieces[:-1]:
        places.append((places[-1] if places else 0) + len(piece))
    return "".join(pieces), tuple(places)


def with_marks(text: str, places: Sequence[int], mark: str = MARK) -> str:
    r"""A text with a mark at each place; the reverse of `split_marks` of a text that holds no mark of its own.

    Example:
        >>> with_marks("\nIs it like ?", (0, 12))
        '<image>\nIs it like <image>?'

    Raises:
        ValueError: the text holds the mark itself, and could not be told from a picture.
    """
    if mark in text:
        raise ValueError(f"the text itself holds {mark!r}, which would be read as a picture: {text[:80]!r}")
    return mark.join(text_pieces(text, places))


def text_pieces(text: str, places: Sequence[int]) -> list[str]:
    """The text before, between and after its pictures: one piece more than there are places.

    Example:
        >>> text_pieces("Compare this with this.", (12, 22))
        ['Compare this', ' with this', '.']
    """
    return [text[start:end] for start, end in pairwise((0, *places, len(text)))]


def parts_of(turn: Turn, images: Iterable[ImageRef]) -> list[str | ImageRef]:
    """The text and pictures of a turn in order, empty texts left out; `images` are those of this turn."""
    pieces = text_pieces(turn.text, turn.places)
    shown = [*chain.from_iterable(zip(pieces[:-1], images, strict=True)), pieces[-1]]
    return [part for part in shown if part != ""]


def images_by_turn(turns: Sequence[Turn], images: Sequence[ImageRef]) -> list[tuple[ImageRef, ...]]:
    """The pictures of each turn; their number is that of the turns' places."""
    left = iter(images)
    return [tuple(next(left) for _ in turn.places) for turn in turns]


def is_conversation(question: Question) -> bool:
    """Whether it has earlier turns, or pictures that are not all before its words."""
    return bool(question.turns) or bool(question.places and any(question.places))


def last_images(question: Question) -> tuple[ImageRef, ...]:
    """The pictures of the last turn: those that earlier turns do not show."""
    return question.images[sum(len(turn.places) for turn in question.turns) :]


def with_pictures(question: Question, images: Sequence[ImageRef]) -> Question:
    """The question with other pictures at the places of its own; with none, it has no places either."""
    if images:
        return replace(question, images=tuple(images))
    turns = tuple(replace(turn, places=()) for turn in question.turns)
    return replace(question, images=(), places=None, turns=turns)


def require_places(question: Question) -> None:
    """Checks that turns and pictures fit.

    Raises:
        ValueError: a place is outside its text or before the one before it; there are more or fewer places than
            pictures; a system text is not the first turn; a turn is empty. The message names question and turn.
    """
    for number, turn in enumerate(question.turns):
        _require_turn(turn, number, f"question {question.id}, turn {number} ({turn.role})")
    _require_order(question.places or (), question.text, f"question {question.id}, last turn")
    before = sum(len(turn.places) for turn in question.turns)
    last = len(question.images) - before if question.places is None else len(question.places)
    if last < 0 or before + last != len(question.images):
        raise ValueError(
            f"question {question.id}: {_count(question.images, 'picture')} and {before + max(last, 0)} places for "
            "pictures in its turns; give as many of one as of the other (a picture that is shown twice counts twice)"
        )


def _require_turn(turn: Turn, number: int, place: str) -> None:
    if turn.role is Role.SYSTEM and number:
        raise ValueError(f"{place}: a system text comes first and once; put it before all other turns")
    if not turn.text.strip() and not turn.places:
        raise ValueError(f"{place}: it has neither text nor picture; leave the turn out")
    _require_order(turn.places, turn.text, place)


def _require_order(places: Sequence[int], text: str, place: str) -> None:
    if any(later < earlier for earlier, later in pairwise((0, *places, len(text)))):
        raise ValueError(f"{place}: places {list(places)} must be ascending offsets from 0 to {len(text)}, its length")


def _count(items: Sequence[object], name: str) -> str:
    return f"{len(items)} {name}{'' if len(items) == 1 else 's'}"

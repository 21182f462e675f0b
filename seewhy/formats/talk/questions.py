"""Questions of seewhy as turns with pictures, in the words in which they are trained on, and back."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from seewhy.formats.rows.example import Part, Picture, Turn
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.formats.talk.marks import is_front
from seewhy.model.prompts import prompt_text, prompt_turns
from seewhy.records.conversation import require_places, text_pieces
from seewhy.records.turns import ImageRef
from seewhy.records.turns import Turn as RecordTurn
from seewhy.records.types import Question, Style


def turns_of(question: Question, style: Style, pictures: Sequence[Picture]) -> tuple[Turn, ...]:
    """The prompt of a question; `pictures` are those of `question.images`, in their order.

    Raises:
        RowError: pictures and places do not fit.
    """
    try:
        turns = prompt_turns(question, style)
    except ValueError as error:
        raise RowError(Reason.MARKS, str(error)) from error
    left = iter(pictures)
    return tuple(
        Turn(role=turn.role, parts=_shown(turn.text, turn.places, [next(left) for _ in turn.places])) for turn in turns
    )


def _shown(text: str, places: Sequence[int], pictures: Sequence[Picture]) -> tuple[Part, ...]:
    pieces = text_pieces(text, places)
    parts: list[Part] = [pieces[0]]
    for picture, piece in zip(pictures, pieces[1:], strict=True):
        parts += [picture, piece]
    return tuple(part for part in parts if part != "")


def with_turns(
    question: Question, turns: Sequence[Turn], path_of: Callable[[Picture], str]
) -> tuple[Question, Style]:  # fmt: skip
    """The question that asks what the turns ask, and the style by whose instruction they end, if by any.

    Args:
        question: all of it but turns, text and pictures.
        turns: the prompt.
        path_of: the path of a picture, from the folder of the question's rows.

    Raises:
        RowError: turns, texts and pictures do not fit a question.
    """
    *before, last = turns
    images = tuple(
        ImageRef(sha256=one.sha256, path=path_of(one)) for turn in turns for one in turn.pictures
    )  # fmt: skip
    earlier = tuple(RecordTurn(role=turn.role, text=turn.text, places=_places(turn)) for turn in before)
    whole = replace(
        question, turns=earlier, images=images, text=last.text, places=None if is_front((last,)) else _places(last)
    )
    try:
        require_places(whole)
    except ValueError as error:
        raise RowError(Reason.UNHELD, str(error)) from error
    return _styled(whole)


def _places(turn: Turn) -> tuple[int, ...]:
    """Offsets of the pictures in the text of a turn."""
    found: list[int] = []
    length = 0
    for part in turn.parts:
        if isinstance(part, str):
            length += len(part)
        else:
            found.append(length)
    return tuple(found)


def _styled(question: Question) -> tuple[Question, Style]:
    """The question without the instruction of a style, and that style; as it is in plain style."""
    for style in (Style.DIRECT, Style.REASON):
        text = question.text.removesuffix(prompt_text(replace(question, text=""), style))
        if text and text != question.text and all(place <= len(text) for place in question.places or ()):
            return replace(question, text=text), style
    return question, Style.PLAIN

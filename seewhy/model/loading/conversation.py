"""Turns as a chat template takes them, and whether it writes all of them, with pictures at their places."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from transformers import ProcessorMixin

from seewhy.model.loading.templates import render_turns
from seewhy.records.conversation import text_pieces
from seewhy.records.turns import Turn

SENTINEL = "\ue0fd"
"""Around the number that marks a text: a private-use character."""
NUMBERED = re.compile(f"{SENTINEL}(\\d+){SENTINEL}")
PARTS_AS_TEXT = re.compile(r"""['"]type['"]\s*:\s*['"]text""")
"""What a template writes that takes strings alone, given parts."""


def chat_turns(
    turns: Sequence[Turn], spell: Callable[[str], str] = str, *, with_pictures: bool = True
) -> list[dict[str, Any]]:
    """Turns as `apply_chat_template` takes them, pictures and texts in their order; `spell` is applied to each text."""
    return [
        {"role": turn.role.value, "content": list(_content(turn, spell, with_pictures=with_pictures))} for turn in turns
    ]


def _content(turn: Turn, spell: Callable[[str], str], *, with_pictures: bool) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for number, piece in enumerate(text_pieces(turn.text, turn.places)):
        if number and with_pictures:
            found.append({"type": "image"})
        if piece:
            found.append({"type": "text", "text": spell(piece)})
    return found


def require_written(processor: ProcessorMixin, turns: Sequence[Turn]) -> None:
    """Checks that the chat template writes every text of a conversation once, in order, and pictures between them.

    Each text is replaced by a numbered mark, and the conversation is rendered with and without its pictures: they must
    change the text between two marks where pictures are, and nowhere else.

    Raises:
        ValueError: it leaves a turn out, moves a picture, or cannot take a turn; the message names the turn.
    """
    who = f"the chat template of {type(processor).__name__}"
    shown, bare = (_rendered(processor, turns, with_pictures=with_pictures) for with_pictures in (True, False))
    if PARTS_AS_TEXT.search(shown):
        raise ValueError(f"{who} cannot take turns in parts: it writes them out as Python lists")
    owners, expected = _gaps(turns)
    found = [int(number) for number in NUMBERED.findall(shown)]
    if found != list(range(len(owners))):
        missing = next((number for number in range(len(owners)) if found.count(number) != 1), None)
        which = "its turns in another order" if missing is None else f"{_words(turns, owners[missing])} never or twice"
        raise ValueError(f"{who} writes {which}; choose a model whose template holds such a conversation")
    gaps = zip(NUMBERED.split(shown)[::2], NUMBERED.split(bare)[::2], expected, strict=True)
    for number, (with_them, without, count) in enumerate(gaps):
        if (with_them != without) != (count > 0):
            owner = owners[min(number, len(owners) - 1)] if owners else 0
            raise ValueError(
                f"{who} does not write pictures at their places in {_words(turns, owner)}: it moves them; put them "
                "before the turn's text, or choose a model whose template keeps their places"
            )


def _rendered(processor: ProcessorMixin, turns: Sequence[Turn], *, with_pictures: bool) -> str:
    numbers = iter(range(1 << 20))

    def mark(_: str) -> str:
        return f"{SENTINEL}{next(numbers)}{SENTINEL}"

    marked = chat_turns(turns, mark, with_pictures=with_pictures)
    return render_turns(processor, marked, add_generation_prompt=True)


def _gaps(turns: Sequence[Turn]) -> tuple[list[int], list[int]]:
    """The turn of each text, and the number of pictures before each text and after the last."""
    owners: list[int] = []
    pictures = [0]
    for turn_number, turn in enumerate(turns):
        for number, piece in enumerate(text_pieces(turn.text, turn.places)):
            pictures[-1] += number > 0
            if piece:
                owners.append(turn_number)
                pictures.append(0)
    return owners, pictures


def _words(turns: Sequence[Turn], number: int) -> str:
    return f"turn {number} ({turns[number].role})"

"""What a prompt and a row are by content, whatever they are called."""

from collections.abc import Sequence

from seewhy.formats.rows.example import Example, Picture, Turn
from seewhy.records.canonical import hash_json

DIGITS = 16
"""Hexadecimal digits of an id that is made from content."""


def plain_turns(turns: Sequence[Turn]) -> list[list[object]]:
    """Turns as JSON, pictures by their hash."""
    return [
        [turn.role.value, [{"picture": part.sha256} if isinstance(part, Picture) else part for part in turn.parts]]
        for turn in turns
    ]


def prompt_key(example: Example) -> str:
    """Hash of the prompt and its right answers, as 64 hexadecimal digits."""
    return hash_json([plain_turns(example.prompt), list(example.answers)])


def row_key(example: Example) -> str:
    """Hash of all that a row says of prompt and replies."""
    other = None if example.rejected_prompt is None else plain_turns(example.rejected_prompt)
    return hash_json([prompt_key(example), other, [plain_turns(reply.turns) for reply in example.replies]])

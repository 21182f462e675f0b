"""Pairs for formats of one question text, one picture in front of it, and two reply texts."""

from seewhy.formats.rows.example import Example, Picture, Turn
from seewhy.formats.rows.faults import unheld
from seewhy.formats.talk.marks import MARK, is_front, refuse_marks
from seewhy.formats.talk.messages import one_turn


def plain_pair(example: Example, format_name: str) -> tuple[str, str, str]:
    """Question, chosen and rejected as texts.

    Raises:
        RowError: the format cannot hold more than that, and there is more.
    """
    turn = one_turn(example.prompt, format_name)
    chosen, rejected = reply_texts(example, format_name)
    refuse_marks(turn, format_name, (MARK,))
    return turn.text, chosen, rejected


def reply_texts(example: Example, format_name: str) -> tuple[str, str]:
    """Chosen and rejected as texts, of a pair whose sides share their prompt."""
    if example.rejected_prompt is not None:
        raise unheld(f"its rejected reply has a prompt or pictures of its own, and {format_name} has one for both")
    chosen, rejected = (reply.text for reply in example.replies)
    return chosen, rejected


def front_picture(example: Example, format_name: str) -> Picture | None:
    """The only picture, which stands in front; None where there is none.

    Raises:
        RowError: there are more, or it stands elsewhere: the format has no marks, so its place would be lost.
    """
    pictures = example.pictures
    if len(pictures) > 1:
        raise unheld(f"it shows {len(pictures)} pictures, and {format_name} holds one: choose a format with marks")
    if not is_front(example.prompt):
        raise unheld(f"its picture stands within the text, and {format_name} shows it in front: choose a format with "
                     "marks")  # fmt: skip
    return pictures[0] if pictures else None


def needed_picture(example: Example, format_name: str) -> Picture:
    """The same, where there must be one."""
    found = front_picture(example, format_name)
    if found is None:
        raise unheld(f"it shows no picture, and {format_name} holds rows with one alone")
    return found


def plain_turn(example: Example, format_name: str) -> Turn:
    """The only turn of a prompt; errors as `one_turn`."""
    return one_turn(example.prompt, format_name)

"""What formats have one place for: a system text, a prompt of both sides, a reply's text, a picture, a right answer."""

from collections.abc import Sequence

from seewhy.formats.rows.example import Example, Picture, Turn
from seewhy.formats.rows.faults import unheld
from seewhy.formats.talk.marks import MARK, is_front, refuse_marks
from seewhy.formats.talk.messages import one_turn
from seewhy.records.turns import Role

MARKED = "choose a format with marks, or take the row out"


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
    """Chosen and rejected as texts, of a pair whose sides share their prompt.

    Raises:
        RowError: they do not, or a reply is several messages or shows a picture.
    """
    require_one_prompt(example, format_name)
    chosen, rejected = (reply.text for reply in example.replies)
    return chosen, rejected


def require_one_prompt(example: Example, format_name: str) -> None:
    """Raise RowError where the rejected reply of a pair answers another prompt, or other pictures."""
    if example.rejected_prompt is not None:
        raise unheld(f"its rejected reply has a prompt or pictures of its own, and {format_name} has one for both")


def refuse_reply_pictures(example: Example, format_name: str) -> None:
    """Raise RowError where a reply shows a picture."""
    if any(turn.pictures for reply in example.replies for turn in reply.turns):
        raise unheld(f"a reply shows a picture, and {format_name} shows pictures in the prompt alone")


def split_system(turns: Sequence[Turn], format_name: str) -> tuple[str, Sequence[Turn]]:
    """The system text, empty where there is none, and the other turns.

    Raises:
        RowError: it shows a picture, or is blank, which the format takes for none.
    """
    if turns[0].role is not Role.SYSTEM:
        return "", turns
    if turns[0].pictures:
        raise unheld(f"its system text shows a picture, and {format_name}'s is text alone")
    if not turns[0].text.strip():
        raise unheld(f"its system text is blank, which {format_name} takes for none",
                     "take that turn out, or choose another format")  # fmt: skip
    return turns[0].text, turns[1:]


def one_answer(example: Example, field: str, *, may_lack: bool = False) -> str:
    """The right answer; empty where there is none and the format can do without.

    Args:
        example: a row.
        field: whose field it is, for errors.
        may_lack: whether there may be none.

    Raises:
        RowError: there are several, or none.
    """
    if len(example.answers) > 1:
        raise unheld(f"it has {len(example.answers)} right answers, and {field} is one")
    if not example.answers and not may_lack:
        raise unheld(f"it has no right answer, and {field} must be one", "give it one, or choose another format")
    return next(iter(example.answers), "")


def front_picture(example: Example, format_name: str) -> Picture | None:
    """The only picture, which stands in front; None where there is none.

    Raises:
        RowError: there are more, or it stands elsewhere: the format has no marks, so its place would be lost.
    """
    pictures = example.pictures
    if len(pictures) > 1:
        raise unheld(f"it shows {len(pictures)} pictures, and {format_name} holds one", MARKED)
    if not is_front(example.prompt):
        raise unheld(f"its picture stands within the text, and {format_name} shows it in front", MARKED)
    return pictures[0] if pictures else None


def needed_picture(example: Example, format_name: str) -> Picture:
    """The same, where there must be one."""
    found = front_picture(example, format_name)
    if found is None:
        raise unheld(f"it shows no picture, and every row of {format_name} shows one")
    return found


def plain_turn(example: Example, format_name: str) -> Turn:
    """The only turn of a prompt; errors as `one_turn`."""
    return one_turn(example.prompt, format_name)

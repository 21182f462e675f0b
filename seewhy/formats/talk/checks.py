"""What must hold of every row, whatever its format: who speaks when, texts that are there, replies that differ."""

from collections.abc import Sequence

from seewhy.formats.rows.example import Example, Kind, Reply, Turn
from seewhy.formats.rows.faults import Reason, RowError
from seewhy.records.turns import Role

REPLIES = {Kind.QUESTION: 0, Kind.LESSON: 1, Kind.PAIR: 2}
SIDES = {Kind.LESSON: ("reply",), Kind.PAIR: ("chosen reply", "rejected reply")}


def check_example(example: Example) -> None:
    """Raise RowError where a row cannot be trained on."""
    _check_prompt(example.prompt, "prompt")
    if example.rejected_prompt is not None:
        _check_prompt(example.rejected_prompt, "prompt of the rejected reply")
    wanted = REPLIES.get(example.kind, len(example.replies))
    if len(example.replies) != wanted or (example.kind is Kind.GROUP and len(example.replies) < 2):
        raise RowError(Reason.MISSING, f"a {example.kind.value} of {len(example.replies)} replies; give the others, "
                       "or take the row out")  # fmt: skip
    names = SIDES.get(example.kind, tuple(f"reply {number}" for number in range(len(example.replies))))
    for name, reply in zip(names, example.replies, strict=False):
        _check_reply(reply, name)
    if example.kind is Kind.PAIR and example.rejected_prompt is None:
        chosen, rejected = example.replies
        if chosen.turns == rejected.turns:
            raise RowError(Reason.EQUAL, "the chosen and the rejected reply are equal, so nothing can be learnt from "
                           "them; take the row out")  # fmt: skip


def _check_prompt(turns: Sequence[Turn], name: str) -> None:
    wanted = Role.USER
    for number, turn in enumerate(turns):
        if turn.role is Role.SYSTEM and number == 0:
            continue
        if turn.role is not wanted:
            raise RowError(Reason.ROLE, f"turn {number} of the {name} is the {turn.role.value}'s where the "
                           f"{wanted.value} speaks; put them in turn, after at most one system text, "
                           "or take the row out")  # fmt: skip
        wanted = Role.ASSISTANT if wanted is Role.USER else Role.USER
    if not turns or turns[-1].role is not Role.USER:
        raise RowError(Reason.ROLE, f"the {name} does not end with the user; end it with one, or take the row out")
    if not turns[-1].text.strip() and not turns[-1].pictures:
        raise RowError(Reason.EMPTY, f"the last turn of the {name} is blank; give it a text, or take the row out")


def _check_reply(reply: Reply, name: str) -> None:
    if not reply.turns or not any(turn.text.strip() or turn.pictures for turn in reply.turns):
        raise RowError(Reason.EMPTY, f"the {name} is blank; give it a text, or take the row out")
    for turn in reply.turns:
        if turn.role is not Role.ASSISTANT:
            raise RowError(
                Reason.ROLE,
                f"the {name} has a turn of the {turn.role.value}; only the assistant replies: take the turn out",
            )

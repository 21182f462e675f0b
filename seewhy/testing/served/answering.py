"""What the served oracle says to a prompt."""

from collections.abc import Iterable
from hashlib import sha256

from seewhy.endpoints.chat import Message, Reply
from seewhy.endpoints.vision_check import QUESTION
from seewhy.records.turns import Role
from seewhy.records.types import ImageRef, Question
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_replies import OracleReplies
from seewhy.testing.served.asked import Asked, Turn
from seewhy.testing.served.colours import name_colours

UNKNOWN = "I know nothing about this."
ROLES = {"system": Role.SYSTEM, "developer": Role.SYSTEM, "user": Role.USER, "assistant": Role.ASSISTANT}


class Answering:
    """An oracle and the questions it knows; what it says depends on the request alone."""

    def __init__(self, questions: Iterable[Question], oracle: Oracle) -> None:
        self.oracle = oracle
        self.replies = OracleReplies(questions, oracle)

    def answer(self, asked: Asked, count: int) -> list[Reply]:
        """`count` replies; about pages and questions that it does not know it says so."""
        messages = [as_message(turn) for turn in asked.turns]
        if QUESTION in asked.text and asked.pictures:
            return [Reply(text=name_colours(asked.pictures[0], blind=self.oracle.blind))] * count
        try:
            return [self.replies.reply(messages, number, asked.seed) for number in range(count)]
        except (ValueError, StopIteration):
            return [Reply(text=UNKNOWN)] * count


def as_message(turn: Turn) -> Message:
    """A turn as the oracle reads it: pictures by the hash of their bytes, by which it knows their pages."""
    images = tuple(ImageRef(sha256=sha256(picture).hexdigest(), path="") for picture in turn.pictures)
    return Message(role=ROLES.get(turn.role, Role.USER), text=turn.text, images=images)

"""What tests of a teacher say, and to whom."""

from loopback import Answer, Asked, LoopServer, Rule

from seewhy.endpoints.chat import ChatResponse, Message, Request
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import EndpointPlan, PacePlan

FAST = PacePlan(first_wait_s=0.01, deadline_s=5.0, tries=3)


def say(text: str, **more) -> Request:
    """One message."""
    return Request(messages=(Message(text=text),), **more)


def teacher_at(server: LoopServer, pace: PacePlan = FAST, **more) -> Teacher:
    """A teacher of a server; `more` are fields of its endpoint."""
    return Teacher(EndpointPlan(base_url=server.url, model="m", **more), pace)


def ask_once(
    rule: Rule, request: Request | None = None, pace: PacePlan = FAST, **more
) -> tuple[ChatResponse, list[Asked]]:
    """The answer to one request, and what the server was asked."""
    with LoopServer(rule) as server, teacher_at(server, pace, **more) as teacher:
        [answered] = teacher.chat([request or say("hello")])
        return answered, server.asked


def first_then(first: Answer, then: Answer) -> Rule:
    """A rule: one answer to the first call, another to all after it."""
    return lambda asked: first if asked.number == 0 else then

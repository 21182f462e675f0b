"""Replies of servers whose weights a training refreshes: those of other weights are refused."""

from dataclasses import replace

from seewhy.endpoints.chat import AsDrawn
from seewhy.endpoints.faults import Cost, Fault
from seewhy.endpoints.reading import ParsedReply


def as_asked(came: ParsedReply, drawn: AsDrawn | None, name: str) -> ParsedReply:
    """What came, or a fault where its server says that other weights drew it than those that were asked for.

    Args:
        came: the answer to a call.
        drawn: of its request.
        name: the model that was asked for.
    """
    if drawn is None or not drawn.kept_as or not came.replies:
        return came
    words = ""
    if came.model != name:
        words = (f"the server answered under the model name {came.model!r}, and {name!r} was asked: its weights may be "
                 "others; give the name that it answers by as engine.names, and one model to a server")  # fmt: skip
    elif drawn.version and set(came.versions) - {drawn.version}:
        words = (f"the server drew with the weights {', '.join(came.versions)}, and was given {drawn.version}: "
                 "it was started anew, or another run uses it; give it to one run alone")  # fmt: skip
    if not words:
        return came
    return replace(came, replies=(), fault=Fault(words=words, is_final=True, cost=Cost.TOLD))

"""The oracle as something to talk to: it answers teachers' and judges' prompts about inkgrid without a network."""

from collections.abc import Iterable, Sequence

from seewhy.endpoints.chat import ChatResponse, Reply, Request
from seewhy.records.types import Question, Usage
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_replies import OracleReplies


class OracleChatModel:
    """A `ChatModel` that knows the pages of the questions it was given; its answers cost nothing."""

    def __init__(self, questions: Iterable[Question], oracle: Oracle | None = None) -> None:
        """The oracle is one without failings unless another is given."""
        self.replies = OracleReplies(questions, oracle or Oracle())

    @property
    def name(self) -> str:
        """The oracle's own."""
        return self.replies.oracle.name

    def chat(self, requests: Sequence[Request]) -> list[ChatResponse]:
        """One answer a request, in their order.

        Raises:
            ValueError: a request is about no question that it knows.
        """
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> ChatResponse:
        replies = [self.replies.reply(request.messages, number, request.seed or 0) for number in range(request.count)]
        shown = replies if request.top_logprobs else [Reply(text=reply.text) for reply in replies]
        return ChatResponse(replies=tuple(shown), model=self.name, usage=Usage(calls=1))

"""Chains in the place of those that are not drawn yet."""

from collections.abc import Sequence

from seewhy.endpoints.accounting.pricing import BYTES_A_TOKEN
from seewhy.records.types import Chain, FinishReason, Question, Response, Style

STEP = "One step of a chain that nobody drew yet. "
"""A sentence of ten tokens or so."""
NOBODY = "nobody"


def stand_ins(questions: Sequence[Question], style: Style, per_question: int, tokens: int) -> list[Chain]:
    """As many chains of each question, all as long, in sentences of ten tokens."""
    return [
        _chain(question, style, index, stand_in(index, tokens))
        for question in questions
        for index in range(per_question)
    ]


def stand_in(index: int, tokens: int) -> Response:
    """A response of so many tokens; those of different numbers differ.

    Example:
        >>> stand_in(0, 3).text, stand_in(1, 3).token_ids
        ('Chain 0. One', (1, 1, 1))
    """
    length = BYTES_A_TOKEN * tokens
    text = f"Chain {index}. {STEP * (length // len(STEP) + 1)}"[:length]
    return Response(text=text, token_ids=(index,) * tokens)


def imitations(questions: Sequence[Question], style: Style, per_question: int, like: Sequence[Response]) -> list[Chain]:
    """As many chains of each question, with these responses in turn."""
    return [
        _chain(question, style, index, like[(number + index) % len(like)])
        for number, question in enumerate(questions)
        for index in range(per_question)
    ]


def _chain(question: Question, style: Style, index: int, response: Response) -> Chain:
    return Chain(question_id=question.id, index=index, style=style, text=response.text, token_ids=response.token_ids,
                 stop=FinishReason.LENGTH, sampler=NOBODY, seed=0)  # fmt: skip

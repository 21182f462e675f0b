"""Ask a model for chains of many questions; the order of the questions is kept."""

from collections.abc import Callable, Iterator, Sequence

from seewhy.model.api import GenerateRequest, Generates, SamplingParams
from seewhy.records.types import Chain, Question, Style
from seewhy.sampling.plan import SamplingPlan


def sample_chains(
    model: Generates, questions: Sequence[Question], plan: SamplingPlan, style: Style = Style.REASON
) -> Iterator[Chain]:
    """`plan.per_question` chains of each question, in the order of the questions and of their indices.

    Each chain has random numbers of its own, by the plan's seed, its question and its index, so the same chains come
    whatever other questions are asked. Text, token ids, natural log-probabilities a token at temperature 1.

    Args:
        model: as `load_model` gives it, or any that generates.
        questions: all of them are asked, whatever `plan.questions` says; those with options at
            `plan.multiple_choice_temperature`.
        plan: chains a question, temperatures, limits, seed.
        style: the prompt.

    Raises:
        ValueError: the model cannot take a question, which is named.

    Example:
        >>> from seewhy.testing.oracle import Oracle
        >>> list(sample_chains(Oracle(), [], SamplingPlan(questions=0)))
        []
    """
    drawn: dict[str, tuple[Chain, ...]] = {}
    for is_letter in (False, True):
        alike = [question for question in questions if bool(question.options) is is_letter]
        asks = [GenerateRequest(question=question, style=style, count=plan.per_question) for question in alike]
        for question, chains in zip(alike, model.generate(asks, plan.decoding(is_letter)), strict=True):
            drawn[question.id] = chains
    for question in questions:
        yield from drawn[question.id]


def sample_in_turns(
    model: Generates, questions: Sequence[Question], plan: SamplingPlan, style: Style, first: int,
    is_live: Callable[[Question, Sequence[Chain]], bool],
) -> Iterator[Chain]:  # fmt: skip
    """The first chains of each question, and the others of those that are then live: the same as without a stop."""
    drawn: dict[str, list[Chain]] = {question.id: [] for question in questions}
    for begin, end in ((0, first), (first, plan.per_question)):
        asked = [question for question in questions if not begin or is_live(question, drawn[question.id])]
        for is_letter in (False, True):
            alike = [question for question in asked if bool(question.options) is is_letter]
            asks = [GenerateRequest(question=question, style=style, count=end - begin, first=begin)
                    for question in alike]  # fmt: skip
            chains = model.generate(asks, plan.decoding(is_letter)) if asks else []
            for question, more in zip(alike, chains, strict=True):
                drawn[question.id].extend(more)
    for question in questions:
        yield from drawn[question.id]


def answer_once(
    model: Generates,
    questions: Sequence[Question],
    style: Style,
    max_tokens: int,
    *,
    blind: bool = False,
    temperature: float = 0.0,
    seed: int = 0,
) -> Iterator[Chain]:
    """One reply to each question, the likeliest where the temperature is 0; `blind` withholds the pictures."""
    asks = [GenerateRequest(question=question, style=style, blind=blind) for question in questions]
    for chains in model.generate(asks, SamplingParams(temperature=temperature, max_tokens=max_tokens, seed=seed)):
        yield from chains

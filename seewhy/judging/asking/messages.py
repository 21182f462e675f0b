"""What judges who ask a model share: messages with pictures, their own name, and verdicts with what they cost."""

from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from hashlib import sha256

from seewhy.endpoints.chat import ChatModel, ChatResponse, Message, Request, ResponseFormat
from seewhy.judging.answers.extract import extract_answer
from seewhy.judging.answers.findings import Extraction
from seewhy.judging.prompts.template import PromptTemplate, question_slots
from seewhy.records.types import Chain, Outcome, Question, Span, Usage, Verdict

EMPTY_CHAIN = "the chain is empty"


def name_judge(kind: str, judge: object, chat_model: ChatModel, *templates: PromptTemplate) -> str:
    """The name in a verdict: kind of judge, model, hash of each prompt, and every setting that is not the default.

    As in `rubric by gpt-4o-2024-05-13, prompt 1f3c5e7a9b2d, votes 3, temperature 0.7`.
    """
    versions = "+".join(template.version for template in templates)
    return ", ".join([f"{kind} by {chat_model.name}", f"prompt {versions}", *changed_settings(judge)])


def changed_settings(judge: object) -> list[str]:
    """Every field of a judge, or of another dataclass, that has a default and is not at it: `votes 3`, `blind`.

    Example:
        >>> from seewhy.model.api import SamplingParams
        >>> changed_settings(SamplingParams(top_k=50, seed=0))
        ['top k 50']
    """
    assert is_dataclass(judge)
    values = ((one, getattr(judge, one.name)) for one in fields(judge) if one.default is not MISSING)
    return [
        one.name.replace("_", " ") if value is True else f"{one.name.replace('_', ' ')} {value}"
        for one, value in values
        if value != one.default
    ]


def request_tag(question: Question, *texts: str) -> str:
    """A short name of what a request is about, which its reply must repeat: equal requests have equal ones."""
    return sha256("\x1f".join([question.id, *texts]).encode()).hexdigest()[:8]


def message_about(question: Question, text: str, *, blind: bool) -> Message:
    """The user's turn, with the question's pictures unless they are withheld."""
    return Message(text=text, images=() if blind else question.images)


def request_about(
    question: Question, chain: Chain, template: PromptTemplate, *, blind: bool, show_gold: bool, form: ResponseFormat,
    max_tokens: int, count: int = 1, temperature: float = 0.0,
) -> Request:  # fmt: skip
    """The request that shows a judge one chain, as a prompt with the slots `id` and `reply` puts it."""
    slots = question_slots(question, blind=blind, show_gold=show_gold)
    text = template.fill(**slots, id=request_tag(question, chain.text), reply=chain.text.strip())
    return Request(
        messages=(message_about(question, text, blind=blind),), count=count, temperature=temperature,
        max_tokens=max_tokens, form=form,
    )  # fmt: skip


def ask_all(chat: Callable[[Sequence[Request]], list[ChatResponse]], requests: Sequence[Request]) -> list[ChatResponse]:
    """One answer a request, in their order, each with as many replies as were asked for or with its failure.

    Args:
        chat: of the model's client.
        requests: what is asked; nothing is called where there are none.

    Raises:
        ValueError: the model's client returned something else.
        BudgetSpentError: the budget does not reach.
    """
    answers = chat(requests) if requests else []
    counts = [len(answer.replies) for answer in answers if not answer.failure]
    wanted = [request.count for request, answer in zip(requests, answers, strict=False) if not answer.failure]
    if len(answers) != len(requests) or counts != wanted:
        raise ValueError(f"the model's client did not return one answer for each of {len(requests)} requests with all "
                         "its replies; whatever talks to a model must keep their order and number")  # fmt: skip
    return answers


def give_verdict(
    question: Question, chain: Chain, judge: str, outcome: Outcome, *, score: float | None = None,
    spans: tuple[Span, ...] = (), why: str = "", usage: Usage | None = None, agreement: float | None = None,
) -> Verdict:  # fmt: skip
    """The verdict on a chain, with the answer that is read from it."""
    found = extract_answer(chain.text, question.options, rule=question.gold.rule, style=chain.style)
    is_found = isinstance(found, Extraction)
    return Verdict(
        question_id=chain.question_id,
        index=chain.index,
        style=chain.style,
        judge=judge,
        outcome=outcome,
        score=score,
        answer=found.answer if is_found else None,
        rule=found.rule if is_found else None,
        spans=spans,
        why=why,
        usage=usage or Usage(),
        agreement=agreement,
    )


def judge_spoken(
    question: Question, chains: Sequence[Chain], judge: str, ask: Callable[[Sequence[Chain]], Sequence[Verdict]]
) -> tuple[Verdict, ...]:
    """One verdict a chain, in their order: NO_ANSWER for an empty chain, and what `ask` says of all others."""
    verdicts = iter(ask([chain for chain in chains if chain.text.strip()]))
    return tuple(
        next(verdicts)
        if chain.text.strip()
        else give_verdict(question, chain, judge, Outcome.NO_ANSWER, why=EMPTY_CHAIN)
        for chain in chains
    )


def judge_each(
    question: Question, chains: Sequence[Chain], judge: str, chat: Callable[[Sequence[Request]], list[ChatResponse]],
    request: Callable[[Chain], Request], read: Callable[[Chain, ChatResponse], Verdict],
) -> tuple[Verdict, ...]:  # fmt: skip
    """One verdict a chain, in their order, by one request each; `read` sees answers that came alone."""

    def ask(spoken: Sequence[Chain]) -> list[Verdict]:
        answers = ask_all(chat, [request(chain) for chain in spoken])
        return [
            leave_unjudged(question, chain, judge, answer.failure, answer.usage)
            if answer.failure
            else read(chain, answer)
            for chain, answer in zip(spoken, answers, strict=True)
        ]

    return judge_spoken(question, chains, judge, ask)


def leave_unjudged(question: Question, chain: Chain, judge: str, why: str, usage: Usage | None = None) -> Verdict:
    """The verdict on a chain that the judge could not judge."""
    return give_verdict(question, chain, judge, Outcome.UNJUDGED, why=why, usage=usage)

"""What judges who ask a model share: messages with pictures, their own name, and verdicts with what they cost."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from seewhy.judging.extract import extract_answer
from seewhy.judging.findings import Extraction
from seewhy.judging.wording import Wording
from seewhy.model.talk import Answered, Message, Request, Talks
from seewhy.records.types import Chain, Outcome, Question, Span, Usage, Verdict

EMPTY_CHAIN = "the chain is empty"


def name_judge(kind: str, talks: Talks, wordings: Sequence[Wording], *settings: str) -> str:
    """What stands in a verdict: kind of judge, model, hash of each prompt, and what else its verdicts depend on.

    Example:
        rubric by gpt-4o-2024-05-13, prompt 1f3c5e7a9b2d, blind
    """
    versions = "+".join(wording.version for wording in wordings)
    return ", ".join([f"{kind} by {talks.name}", f"prompt {versions}", *filter(None, settings)])


def subject_of(question: Question, *texts: str) -> str:
    """A short name of what a request is about, which its reply must repeat: equal requests have equal ones."""
    return sha256("\x1f".join([question.id, *texts]).encode()).hexdigest()[:8]


def message_about(question: Question, text: str, *, blind: bool) -> Message:
    """The user's turn, with the question's pictures unless they are withheld."""
    return Message(text=text, images=() if blind else question.images)


def ask_all(talks: Talks, requests: Sequence[Request]) -> list[Answered]:
    """One answer a request, in their order, each with as many replies as were asked for or with its failure.

    Raises:
        ValueError: the model's client returned something else.
        BudgetSpentError: the budget does not reach.
    """
    answers = talks.talk(requests) if requests else []
    counts = [len(answer.replies) for answer in answers if not answer.failure]
    wanted = [request.count for request, answer in zip(requests, answers, strict=False) if not answer.failure]
    if len(answers) != len(requests) or counts != wanted:
        raise ValueError(f"{talks.name} did not return one answer for each of {len(requests)} requests with all its "
                         "replies; whatever talks to a model must keep their order and number")  # fmt: skip
    return answers


def sum_usage(answers: Iterable[Answered | Usage]) -> Usage:
    """What all answers cost together."""
    total = Usage()
    for answer in answers:
        one = answer if isinstance(answer, Usage) else answer.usage
        total = Usage(
            prompt_tokens=total.prompt_tokens + one.prompt_tokens,
            completion_tokens=total.completion_tokens + one.completion_tokens,
            calls=total.calls + one.calls,
            dollars=total.dollars + one.dollars,
        )
    return total


def give_verdict(
    question: Question, chain: Chain, judge: str, outcome: Outcome, *, score: float | None = None,
    spans: tuple[Span, ...] = (), why: str = "", usage: Usage | None = None,
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


def leave_unjudged(question: Question, chain: Chain, judge: str, why: str, usage: Usage | None = None) -> Verdict:
    """The verdict on a chain that the judge could not judge."""
    return give_verdict(question, chain, judge, Outcome.UNJUDGED, why=why, usage=usage)

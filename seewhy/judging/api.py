"""What every judge is, and how judges meet chains: joined by question id, all chains of a question at once."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from seewhy.endpoints.chat import Request
from seewhy.records.types import Chain, Question, Verdict

JudgesGroup = Callable[[Question, tuple[Chain, ...]], tuple[Verdict, ...]]
"""`Judge.judge`: one verdict a chain of a question, in their order."""
QUEUED = 4
"""Questions handed to the threads, for each thread."""


@runtime_checkable
class Judge(Protocol):
    """Says whether chains are good, and why."""

    @property
    def name(self) -> str:
        """The value of `Verdict.judge`."""
        ...

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order; the same chains get the same verdicts."""
        ...


@runtime_checkable
class GivesConfidence(Protocol):
    """A judge that can say how sure a verdict of its own is."""

    def confidence(self, verdict: Verdict) -> float | None:
        """How sure the verdict is that its chain is right, from 0.0 to 1.0; None where it says nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What a judge may ask about one chain after its first reply: a typical request, and how many of it.

    Example:
        >>> FollowUp(request=Request(messages=()), likely=0, likely_if="all goes well", most=1, max_if="not").most
        1
    """

    request: Request
    likely: int
    likely_if: str
    """What `likely` takes for granted, in words."""
    most: int
    max_if: str
    """When it comes to the most, in words."""


@runtime_checkable
class MultiTurnJudge(Protocol):
    """A judge that asks on after its first replies, and can say beforehand how often."""

    def follow_up(self, question: Question, chain: Chain) -> FollowUp:
        """What may be asked about a chain once its first reply is there."""
        ...


def judge_chains(
    judge: Judge, questions: Iterable[Question], chains: Iterable[Chain], at_once: int = 1
) -> Iterator[Verdict]:
    """`judge_groups` of rows in memory, in any order: joined by id, in the order in which `chains` names each question.

    Args:
        judge: who judges.
        questions: those that the chains were sampled from, and any others.
        chains: what is judged.
        at_once: questions that are judged at the same time, each in a thread of its own.

    Raises:
        ValueError: a question id occurs twice, a chain's question is missing or a chain occurs twice, before anything
            is judged; and as in `judge_groups`.
        BudgetSpentError: as in `judge_groups`.
    """
    asked, groups = _by_id(questions), _groups(chains)
    for question_id, group in groups.items():
        if question_id not in asked:
            raise ValueError(
                f"chain {group[0].index} belongs to question {question_id!r}, which is not among the "
                f"{len(asked)} questions; judge chains with the questions they were sampled from"
            )
    found = ((asked[question_id], group) for question_id, group in groups.items())
    yield from judge_groups(judge.judge, judge.name, found, at_once)


def judge_groups(
    judge: JudgesGroup, name: str, groups: Iterable[tuple[Question, tuple[Chain, ...]]], at_once: int = 1
) -> Iterator[Verdict]:
    """One verdict a chain, question by question, in order; read lazily, some questions ahead where several run at once.

    Args:
        judge: the method of a judge that returns one verdict a chain.
        name: the judge's, for errors.
        groups: each question with its chains, as `records.asked.asked_by_question` reads them from files.
        at_once: questions that are judged at the same time, each in a thread of its own.

    Raises:
        ValueError: a chain occurs twice in its group or is of another question, or a judge's verdicts are not those of
            the chains it was given.
        BudgetSpentError: as the judge raised it; like any other error it comes after the verdicts on all questions
            that were judged by then, and no further question is begun.
    """
    if at_once < 1:
        raise ValueError(f"at_once={at_once}: judge at least one question at a time")
    jobs = iter(groups)
    if at_once == 1:
        for question, group in jobs:
            yield from _judge_group(judge, name, question, group)
    else:
        yield from _judge_at_once(judge, name, jobs, at_once)


def _judge_group(judge: JudgesGroup, name: str, question: Question, group: tuple[Chain, ...]) -> tuple[Verdict, ...]:
    keys = [_key(chain) for chain in group]
    if len(set(keys)) < len(keys) or any(one != question.id for one, _, _ in keys):
        raise ValueError(f"chains of question {question.id!r} are of another question, or one occurs twice: {keys[:8]}")
    verdicts = judge(question, group)
    if [_key(verdict) for verdict in verdicts] != keys:
        raise ValueError(f"judge {name!r} did not return one verdict for each chain of {question.id!r}")
    return verdicts


def _judge_at_once(
    judge: JudgesGroup, name: str, jobs: Iterator[tuple[Question, tuple[Chain, ...]]], at_once: int
) -> Iterator[Verdict]:
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="judge")
    waiting: deque[Future[tuple[Verdict, ...]]] = deque()
    error: BaseException | None = None
    try:
        while True:
            # More wait than run, so that a slow question leaves no thread without work while its verdicts are awaited.
            for question, group in itertools.islice(jobs, 0 if error else QUEUED * at_once - len(waiting)):
                waiting.append(pool.submit(_judge_group, judge, name, question, group))
            if not waiting:
                break
            done = waiting.popleft()
            if done.cancelled():
                continue
            if failed := done.exception():
                error = error or failed
                for later in waiting:
                    later.cancel()
            else:
                yield from done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if error:
        raise error


def _key(row: Chain | Verdict) -> tuple[str, str, int]:
    return row.question_id, row.style, row.index


def _by_id(questions: Iterable[Question]) -> dict[str, Question]:
    asked: dict[str, Question] = {}
    for question in questions:
        if question.id in asked:
            raise ValueError(f"question id {question.id!r} occurs twice; ids must be unique to join chains by")
        asked[question.id] = question
    return asked


def _groups(chains: Iterable[Chain]) -> dict[str, tuple[Chain, ...]]:
    groups: dict[str, list[Chain]] = {}
    seen: set[tuple[str, str, int]] = set()
    for chain in chains:
        if _key(chain) in seen:
            raise ValueError(f"chain {chain.index} ({chain.style}) of question {chain.question_id!r} occurs twice")
        seen.add(_key(chain))
        groups.setdefault(chain.question_id, []).append(chain)
    return {question_id: tuple(group) for question_id, group in groups.items()}

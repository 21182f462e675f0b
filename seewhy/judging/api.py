"""What every judge is, and how judges meet chains: joined by question id, all chains of a question at once."""

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from seewhy.records.types import Chain, Question, Verdict


@runtime_checkable
class Judge(Protocol):
    """Says whether chains are good, and why."""

    @property
    def name(self) -> str:
        """What stands in `Verdict.judge`."""
        ...

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order; the same chains get the same verdicts."""
        ...


def judge_chains(judge: Judge, questions: Iterable[Question], chains: Iterable[Chain]) -> Iterator[Verdict]:
    """One verdict a chain, question by question, in the order in which `chains` first names each question.

    Raises `ValueError` that names a question id that occurs twice, a chain whose question is missing or that occurs
    twice, or a judge whose verdicts are not those of the chains it was given.
    """
    asked = _by_id(questions)
    for question_id, group in _groups(chains).items():
        if question_id not in asked:
            raise ValueError(
                f"chain {group[0].index} belongs to question {question_id!r}, which is not among the "
                f"{len(asked)} questions; judge chains with the questions they were sampled from"
            )
        verdicts = judge.judge(asked[question_id], group)
        if [_key(verdict) for verdict in verdicts] != [_key(chain) for chain in group]:
            raise ValueError(f"judge {judge.name!r} did not return one verdict for each chain of {question_id!r}")
        yield from verdicts


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

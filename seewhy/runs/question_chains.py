"""Questions with their chains, and their verdicts where there are any, in the order of the chains' rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seewhy.records.types import Chain, Question, Verdict
from seewhy.runs.api import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionChains:
    """One question, its chains, and a verdict for each of them where a judge was there."""

    question: Question | None
    """None where nothing is asked of it."""
    chains: tuple[Chain, ...]
    verdicts: tuple[Verdict, ...] = ()


def questions_of(run: Run, chains: str, questions: str) -> str:
    """The rows of questions that chains were drawn of: as named, or those from which the chains follow."""
    return questions or run.origin(chains, Question)


def with_questions(run: Run, chains: str, questions: str) -> Sequence[QuestionChains]:
    """Each question that has chains, with them.

    Raises:
        ValueError: a chain's question is not among the questions.
    """
    known = {question.id: question for question in run.questions(questions_of(run, chains, questions))}
    groups = group_chains(run.read(chains, Chain))
    missing = next((name for name in groups if name not in known), None)
    if missing is not None:
        raise ValueError(f"chains of question {missing!r} in {run.place(chains)}: it is not among the {len(known)} "
                         f"questions of {questions_of(run, chains, questions)}")  # fmt: skip
    return [QuestionChains(question=known[name], chains=tuple(group)) for name, group in groups.items()]


def with_verdicts(run: Run, chains: str, verdicts: str) -> Sequence[QuestionChains]:
    """Each question's chains with their verdicts; the question itself is not read."""
    graded: dict[str, list[Verdict]] = {}
    for verdict in run.read(verdicts, Verdict):
        graded.setdefault(verdict.question_id, []).append(verdict)
    groups = group_chains(run.read(chains, Chain))
    alone = next((name for name in graded if name not in groups), None)
    if alone is not None:
        where = f"{run.place(chains)} has no chains of it"
        raise ValueError(f"verdicts of question {alone!r} in {run.place(verdicts)}: {where}")
    return [QuestionChains(question=None, chains=tuple(group), verdicts=tuple(graded.get(name, ())))
            for name, group in groups.items()]  # fmt: skip


def group_chains(chains: Iterable[Chain]) -> dict[str, list[Chain]]:
    """Chains by question, in the order in which the questions first occur."""
    groups: dict[str, list[Chain]] = {}
    for chain in chains:
        groups.setdefault(chain.question_id, []).append(chain)
    return groups

"""Questions with their chains, and their verdicts where there are any, read from files as they are asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

from seewhy.records.grouped import question_starts
from seewhy.records.rows import RowReader
from seewhy.records.types import Chain, Question, Verdict
from seewhy.runs.api import Need, Run
from seewhy.runs.question_rows import RowsWithPictures


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionChains:
    """One question and its chains."""

    question: Question
    chains: tuple[Chain, ...]


@dataclass(slots=True)
class Groups(Sequence[QuestionChains]):
    """Each question that has chains, with them, in the order of the chains; rows are read when they are asked for."""

    chains: RowReader[Chain]
    questions: Sequence[Question]
    starts: Sequence[int]
    places: dict[str, int] = field(default_factory=dict[str, int])
    """Question's id to its number among the questions."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, index: int) -> QuestionChains: ...
    @overload
    def __getitem__(self, index: slice) -> list[QuestionChains]: ...
    def __getitem__(self, index: int | slice) -> QuestionChains | list[QuestionChains]:
        """One question with its chains, or those of a slice of neighbours, as a list."""
        if isinstance(index, int):
            return next(self._between(index, index + 1))
        first, last, _ = index.indices(len(self))
        return list(self._between(first, last))

    def _between(self, first: int, last: int) -> Iterator[QuestionChains]:
        if first >= last:
            return
        rows = self.chains[self.starts[first] : self.starts[last]]
        for number in range(first, last):
            begin, end = (self.starts[place] - self.starts[first] for place in (number, number + 1))
            group = tuple(rows[begin:end])
            yield QuestionChains(question=self.questions[self.places[group[0].question_id]], chains=group)


def question_need(rows: str, questions: str) -> Need:
    """The questions of some rows, as a stage needs them: as named, or those from which the rows follow."""
    return Need(field="questions", ref=questions or rows, wants=Question, behind=not questions)


def judged_needs(chains: str, verdicts: str) -> tuple[Need, Need]:
    """Chains and the verdicts on them, as a stage needs both."""
    return Need(field="chains", ref=chains, wants=Chain), Need(field="verdicts", ref=verdicts, wants=Verdict)


def questions_of(run: Run, chains: str, questions: str) -> str:
    """The rows of questions that chains were drawn of: as named, or those from which the chains follow."""
    return questions or run.origin(chains, Question)


def with_questions(run: Run, chains: str, questions: str) -> Groups:
    """Each question that has chains, with them.

    Raises:
        ValueError: rows of a question are not together, one is not among the questions, or two of these have the same
            id.
    """
    rows, ref = run.read(chains, Chain), questions_of(run, chains, questions)
    asked, where = run.questions(ref), run.place(ref)
    places = places_by_id(asked, where)
    _require_known(rows, places, where)
    return Groups(rows, asked, question_starts(rows), places)


def places_by_id(asked: Sequence[Question], where: Path) -> dict[str, int]:
    """The number of each question's row; ValueError where two have the same id."""
    places: dict[str, int] = {}
    for number, name in enumerate(question_ids(asked)):
        if (first := places.setdefault(name, number)) != number:
            raise ValueError(f"{where}: question {name!r} is there twice, in rows {first} and {number}: remove one; "
                             "chains find their question by its id")  # fmt: skip
    return places


def _require_known(rows: RowReader[Chain], places: Mapping[str, int], where: Path) -> None:
    """ValueError where the question of a chain is not there: before any of them is judged, which may be paid for."""
    begun = 0
    for batch in rows.batches(("question_id",)):
        column = batch.column("question_id")
        unknown = next((name for name in column.unique().to_pylist() if name not in places), None)
        if unknown is not None:
            at = rows.place_of(begun + column.to_pylist().index(unknown))
            raise ValueError(f"{at}: question {unknown!r} is not among the {len(places)} of {where}: name those that "
                             "the chains were drawn of as `questions`")  # fmt: skip
        begun += len(column)


def question_ids(questions: Sequence[Question]) -> Iterator[str]:
    """Ids of questions, in order; of files the ids alone are read."""
    if isinstance(questions, RowsWithPictures):
        for batch in questions.rows.batches(("id",)):
            yield from batch.column("id").to_pylist()
        return
    for question in questions:
        yield question.id


@dataclass(slots=True)
class JudgedRanges(Sequence[tuple[int, int]]):
    """Where the chains of each question begin and end, for rules that read chains and verdicts by themselves.

    That is found when it is first asked for, as a pass over the ids of all chains.
    """

    chains: RowReader[Chain]
    verdicts: RowReader[Verdict]
    found: Sequence[int] = ()

    @property
    def starts(self) -> Sequence[int]:
        """As `question_starts`."""
        self.found = self.found or question_starts(self.chains)
        return self.found

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, index: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[int, int]]: ...
    def __getitem__(self, index: int | slice) -> tuple[int, int] | list[tuple[int, int]]:
        """First and last row of a question, or of each of several."""
        if isinstance(index, int):
            return self.starts[index], self.starts[index + 1]
        return [(self.starts[number], self.starts[number + 1]) for number in range(*index.indices(len(self)))]

    def sent(self, block: slice) -> list[tuple[int, int]]:
        """See `SendsBlocks`."""
        return self[block]


def judged_ranges(run: Run, chains: str, verdicts: str) -> JudgedRanges:
    """Chains and verdicts, and where each question's rows are."""
    return JudgedRanges(run.read(chains, Chain), run.read(verdicts, Verdict))

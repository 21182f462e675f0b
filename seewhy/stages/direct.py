"""SFT examples without reasoning: the gold short answer or letter of each question."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from seewhy.pairs.lessons import direct_lessons
from seewhy.records.ranges import require_least
from seewhy.records.types import Lesson, Question
from seewhy.runs.api import Models, Need, RowStage, Run
from seewhy.runs.choice import Rows
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.training_questions import count_training, expected_training, training_questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct(RowStage):
    """One SFT example a question; questions with open answers, or none, have none."""

    questions: Rows
    """Rows of questions."""
    ask: int = 0
    """The first so many of them; 0 takes all."""

    rows: ClassVar[type[Lesson]] = Lesson
    unit: ClassVar[str] = "questions"

    def __post_init__(self) -> None:
        """Refuse a count below 0."""
        require_least(self, 0, "ask")

    def block_size(self) -> int:
        return 4096

    def needs(self) -> Sequence[Need]:
        return (Need(field="questions", ref=self.questions, wants=Question),)

    def inputs(self, run: Run) -> Sequence[Question]:
        return training_questions(run, self.questions, self.ask)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Question]], Iterable[Lesson]]:
        # For what it says is left out.
        training_questions(run, self.questions, 0, models.note)
        return direct_lessons

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        return StageForecast(rows=count_training(run, outlook, self.questions, self.ask), unit="lessons",
                             is_exact=False, basis="at most: one a question")  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Lesson]:
        return list(direct_lessons(expected_training(run, outlook, self.questions, self.ask)))

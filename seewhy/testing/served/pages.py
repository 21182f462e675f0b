"""Which question a prompt is about: found by the content hash of its picture, and by its words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from seewhy.records.shards import read_rows, shard_numbers
from seewhy.records.types import Question
from seewhy.testing.served.asked import Asked


@dataclass(frozen=True, slots=True)
class Pages:
    """The questions that the oracle knows."""

    by_picture: dict[str, list[Question]] = field(default_factory=dict[str, list[Question]])
    """By the SHA-256 of their first picture's bytes."""
    by_text: dict[str, Question] = field(default_factory=dict[str, Question])
    """One question of each wording: what a prompt without a picture is about."""

    def add(self, questions: Iterable[Question]) -> None:
        """Know these too."""
        for question in questions:
            self.by_text.setdefault(question.text, question)
            if question.images:
                self.by_picture.setdefault(question.images[0].sha256, []).append(question)

    def find(self, asked: Asked) -> tuple[Question, bool] | None:
        """The question of a prompt, and whether its picture is there; None where no known question is asked."""
        for picture in asked.pictures:
            near = self.by_picture.get(sha256(picture).hexdigest(), [])
            fitting = [question for question in near if _is_asked(question, asked.text)]
            if fitting:
                return max(fitting, key=_length), True
        alike = [question for text, question in self.by_text.items() if text in asked.text]
        return (max(alike, key=_length), False) if alike and not asked.pictures else None


def _is_asked(question: Question, text: str) -> bool:
    return question.text in text and all(option in text for option in question.options)


def _length(question: Question) -> int:
    return len(question.text) + sum(map(len, question.options))


def pages_of_run(run: Path) -> Pages:
    """The questions of every split of a run.

    Raises:
        ValueError: the folder holds no run's questions.
    """
    pages = Pages()
    for folder in sorted((run / "questions").glob("*/")):
        if shard_numbers(folder):
            pages.add(read_rows(folder, Question))
    if not pages.by_text:
        raise ValueError(
            f"{run} holds no questions: draw them with `seewhy questions --run {run} --recipe inkgrid`, and point the "
            "run that asks this server at the same drawing settings"
        )
    return pages

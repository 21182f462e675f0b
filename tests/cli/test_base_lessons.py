"""What the tiny model is taught before it ships: it reads, knows single steps, and jumps where it ought to reason."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from seewhy.benchmarks import inkgrid
from seewhy.model.prompts import ANSWER_MARK
from seewhy.recipes.tiny.lessons import base_lessons
from seewhy.records.types import Question, Split, Style
from seewhy.testing.truth import is_step, sentences_of

COUNT = 150


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


def taught(questions: Iterable[Question]) -> dict[tuple[str, Style], str]:
    lessons = base_lessons(list(questions))
    assert len({(lesson.question_id, lesson.style) for lesson in lessons}) == len(lessons)
    return {(lesson.question_id, lesson.style): lesson.response.text for lesson in lessons}


def steps_in(text: str) -> list[str]:
    return [sentence for _, sentence in sentences_of(text.partition(ANSWER_MARK)[0]) if is_step(sentence)]


def test_no_rationale_about_a_picture_takes_a_step(root: Path) -> None:
    questions = list(inkgrid.load(root, Split.TRAIN, count=COUNT))
    replies = taught(questions)
    for question in questions:
        text = replies[question.id, Style.REASON]
        first = (question.rationale or "").split(". ")[0].rstrip(".")
        assert text.startswith(first)
        assert text.endswith(f"{ANSWER_MARK} {question.gold.answers[0]}")
        assert steps_in(text) == []
        assert replies[question.id, Style.DIRECT] == question.gold.answers[0]


def test_reading_is_taught_whole(root: Path) -> None:
    questions = [q for q in inkgrid.load(root, Split.TRAIN, count=COUNT) if q.facets["kind"].startswith("read_")]
    replies = taught(questions)
    assert questions
    for question in questions:
        assert replies[question.id, Style.REASON] == f"{question.rationale} {ANSWER_MARK} {question.gold.answers[0]}"


def test_what_is_told_in_words_is_worked_out_and_never_answered_at_once(root: Path) -> None:
    questions = [*inkgrid.told(root, count=COUNT), *inkgrid.line_drills(count=COUNT)]
    replies = taught(questions)
    assert {style for _, style in replies} == {Style.REASON}
    for question in questions:
        assert replies[question.id, Style.REASON] == f"{question.rationale} {ANSWER_MARK} {question.gold.answers[0]}"
    assert sum(bool(steps_in(text)) for text in replies.values()) > len(replies) / 2


def test_a_transcript_is_answered_directly_alone(root: Path) -> None:
    questions = list(inkgrid.transcripts(root, count=10, reading_share=0.0))
    assert taught(questions) == {(question.id, Style.DIRECT): question.gold.answers[0] for question in questions}

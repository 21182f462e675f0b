"""What the tiny model is taught before it is shipped, as lessons."""

from collections.abc import Sequence

from seewhy.benchmarks.ink.line_drills import LINES
from seewhy.model.prompts import lesson_text, prompt_text
from seewhy.pairs.lessons import gold_reply
from seewhy.records.types import Lesson, Question, Response, Style


def base_lessons(questions: Sequence[Question]) -> list[Lesson]:
    """What an instruction-tuned model knows before it learns to reason.

    Every question is answered directly, but for line drills and pages told in words, which are always worked out.
    These, reading and single steps are taught with their rationale; any other question, asked for a reason, is answered
    after its first sentence, without the steps between.
    """
    lessons: list[Lesson] = []
    for question in questions:
        answer = gold_reply(question)
        if not is_in_words(question):
            lessons.append(_lesson(question, Style.DIRECT, answer))
        if question.rationale is not None:
            is_whole = is_in_words(question) or is_simple(question)
            rationale = question.rationale if is_whole else jump(question)
            lessons.append(_lesson(question, Style.REASON, lesson_text(rationale, answer)))
    return lessons


def is_in_words(question: Question) -> bool:
    """Whether the question's text holds the digits it asks about."""
    return question.facets["kind"] in LINES or "told" in question.facets


def is_simple(question: Question) -> bool:
    """Whether the question asks for reading or for a single step."""
    return question.facets["kind"].startswith(("read_", "drill_"))


def jump(question: Question) -> str:
    """The rationale's first sentence and, where there are options, its last, which names the option."""
    sentences = (question.rationale or "").split(". ")
    return f"{sentences[0]}. {sentences[-1]}" if question.options else f"{sentences[0]}."


def _lesson(question: Question, style: Style, text: str) -> Lesson:
    return Lesson(question_id=question.id, style=style, response=Response(text=text), source="inkgrid")


def vocabulary_texts(questions: Sequence[Question]) -> list[str]:
    """Words that the vocabulary is made of: questions in both prompts, rationales, replies."""
    prompts = [prompt_text(question, style) for question in questions[::8] for style in (Style.DIRECT, Style.REASON)]
    rationales = [question.rationale for question in questions[::4] if question.rationale]
    return [*prompts, *rationales, *(lesson.response.text for lesson in base_lessons(questions)[::8])]

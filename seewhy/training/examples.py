"""Lessons and pairs as token ids, and the questions that they are on."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from seewhy.objectives.api import PictureVariant
from seewhy.records.by_key import Rows, RowsByKey, key_hash
from seewhy.records.conversation import require_places, with_pictures
from seewhy.records.turns import ImageRef
from seewhy.records.types import Lesson, Pair, Question, Response, Style
from seewhy.training.api import ScoresGroups
from seewhy.training.order import PromptUnits, StepOrder
from seewhy.training.plan import FitPlan

Ids = tuple[int, ...]
Hashes = tuple[str, ...]
"""Of pictures, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingExample:
    """One lesson (a single response) or one pair (the chosen response, then the rejected one) as token ids.

    Example:
        >>> TrainingExample(question_id="q", style=Style.REASON, responses=((5, 2), (7, 2))).responses[0]
        (5, 2)
    """

    question_id: str
    style: Style
    responses: tuple[Ids, ...]
    pictures: PictureVariant = PictureVariant.OWN
    """What the prompt shows."""
    weight: float = 1.0
    """Of its loss in the mean over a step, above 0."""
    stream: str = ""
    """The stream of rows that it comes from."""
    varied: tuple[Ids, ...] = ()
    """Responses of it that are scored with the question's varied pictures too."""
    rejected_images: tuple[ImageRef, ...] | None = None
    """Pictures with which the last response is scored in the place of the question's; None means those."""

    @property
    def prompt_key(self) -> tuple[str, Style, PictureVariant]:
        """What examples of the same prompt have in common."""
        return self.question_id, self.style, self.pictures


class Asked(Mapping[str, Question]):
    """The questions of a training by id, as they are; and with varied pictures, where an objective compares them."""

    def __init__(self, own: Mapping[str, Question], varied: Mapping[str, Question]) -> None:
        self._own = own
        self.varied = varied

    def __getitem__(self, question_id: str) -> Question:
        """The question with its own pictures."""
        return self._own[question_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)


def question_of(questions: Mapping[str, Question], question_id: str, variant: PictureVariant) -> Question:
    """The question with the pictures of a variant; raises ValueError where it has no varied ones."""
    if variant is not PictureVariant.VARIED:
        return questions[question_id]
    if not isinstance(questions, Asked) or question_id not in questions.varied:
        raise ValueError(
            f"question {question_id} has no varied pictures: run `vary_pictures` on all questions of the pairs"
        )
    return questions.varied[question_id]


def shown_question(questions: Mapping[str, Question], example: TrainingExample, number: int) -> Question:
    """The question with the pictures that a response of the example is scored with, by the response's number."""
    question = question_of(questions, example.question_id, example.pictures)
    if example.rejected_images is None or number < len(example.responses) - 1:
        return question
    return with_pictures(question, example.rejected_images)


def has_pictures(questions: Mapping[str, Question], example: TrainingExample) -> bool:
    """Whether the example's prompt, or that of its rejected response, shows any."""
    own = example.pictures is not PictureVariant.NONE and bool(questions[example.question_id].images)
    return own or bool(example.rejected_images)


def _trained_ids(model: ScoresGroups, question_id: str, response: Response, keep_tokens: int) -> Ids:
    try:
        ids = tuple(model.response_ids(response))
    except ValueError as error:
        raise ValueError(f"question {question_id}: {error}") from error
    if not ids:
        raise ValueError(f"question {question_id}: a response has no tokens; drop the row or give it text")
    return ids[:keep_tokens] if keep_tokens else ids


def lesson_example(model: ScoresGroups, lesson: Lesson, keep_tokens: int) -> TrainingExample:
    """A lesson as token ids, its first `keep_tokens` where that is not 0."""
    ids = _trained_ids(model, lesson.question_id, lesson.response, keep_tokens)
    return TrainingExample(
        question_id=lesson.question_id, style=lesson.style, responses=(ids,),
        weight=_weight(lesson), stream=lesson.stream,
    )  # fmt: skip


def _weight(row: Lesson | Pair) -> float:
    if not row.weight > 0:
        raise ValueError(f"question {row.question_id}: weight {row.weight} is not above 0; leave the row out")
    return row.weight


def pair_example(
    model: ScoresGroups, pair: Pair, keep_tokens: int, *, is_varied: bool = False
) -> TrainingExample | None:
    """A pair as token ids; None where its two sides are equal after truncation and show the same pictures.

    `is_varied` has the chosen response scored with the varied pictures too.
    """
    chosen, rejected = (
        _trained_ids(model, pair.question_id, side, keep_tokens) for side in (pair.chosen, pair.rejected)
    )
    if chosen == rejected and pair.rejected_images is None:
        return None
    return TrainingExample(
        question_id=pair.question_id, style=pair.style, responses=(chosen, rejected),
        varied=(chosen,) if is_varied else (), weight=_weight(pair), stream=pair.stream,
        rejected_images=pair.rejected_images,
    )  # fmt: skip


def hashes_of(images: Iterable[ImageRef]) -> Hashes:
    """By which pictures are the same, wherever they are."""
    return tuple(image.sha256 for image in images)


def without_own_pictures(pair: Pair, questions: Mapping[str, Question]) -> Pair:
    """The pair without `rejected_images` where those are the question's own, picture by picture."""
    if pair.rejected_images is None or pair.question_id not in questions:
        return pair
    is_same = hashes_of(questions[pair.question_id].images) == hashes_of(pair.rejected_images)
    return replace(pair, rejected_images=None) if is_same else pair


def questions_by_id(questions: Rows[Question] | Mapping[str, Question]) -> Mapping[str, Question]:
    """Questions under their ids, read when they are asked for.

    Raises:
        ValueError: two that differ have one id, of which an example would be given either.
    """
    if isinstance(questions, Mapping):
        return questions
    found = RowsByKey(questions, key=lambda question: question.id, value=lambda question: question)
    for one, other in found.repeated():
        if _content(questions[one]) != _content(questions[other]):
            raise ValueError(f"question {questions[one].id!r} is there twice, in rows {one} and {other}, with other "
                             "words or pictures: remove one of them, or give it an id of its own")  # fmt: skip
    return found


def _content(question: Question) -> tuple[object, ...]:
    return replace(question, images=()), hashes_of(question.images)


def require_question(questions: Mapping[str, Question], example: TrainingExample) -> None:
    """Raises ValueError where the example's question is not there, or has no varied pictures and needs some."""
    if example.question_id not in questions:
        raise ValueError(f"question {example.question_id} has a row to train on but is not among the questions")
    question_of(questions, example.question_id, PictureVariant.VARIED if example.varied else example.pictures)
    if example.rejected_images is not None:
        try:
            require_places(with_pictures(questions[example.question_id], example.rejected_images))
        except ValueError as error:
            raise ValueError(f"rejected_images of a pair: {error}") from error


def prompt_hash(example: TrainingExample) -> int:
    """64 bits that examples of one prompt share."""
    return key_hash(json.dumps(example.prompt_key))


def units_by_prompt(examples: Iterable[TrainingExample]) -> PromptUnits:
    """Numbers of the examples by prompt."""
    return PromptUnits.of(np.array([prompt_hash(example) for example in examples], dtype=np.uint64))


def steps_of(examples: Iterable[TrainingExample], plan: FitPlan) -> list[tuple[int, ...]]:
    """Numbers of the examples of every step of all epochs."""
    return list(StepOrder(units=units_by_prompt(examples), plan=plan))

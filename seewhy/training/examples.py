"""Lessons and pairs as token ids, and the groups and forward passes that they share."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.model.packed.group import Group, Prompt
from seewhy.objectives.api import PictureVariant
from seewhy.records.by_key import Rows, RowsByKey, key_hash
from seewhy.records.types import Lesson, Pair, Question, Response, Style
from seewhy.training.api import ScoresGroups
from seewhy.training.order import PromptUnits, StepOrder
from seewhy.training.plan import FitPlan

Ids = tuple[int, ...]


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

    @property
    def prompt_key(self) -> tuple[str, Style, PictureVariant]:
        """What examples of the same prompt have in common."""
        return self.question_id, self.style, self.pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedGroup:
    """A group of distinct responses and, for each example on it, the places of its responses in the group."""

    group: Group
    picks: tuple[tuple[int, ...], ...]
    examples: tuple[TrainingExample, ...]
    varied: Group | None = None
    """The responses that are scored with the varied pictures; in one forward pass with the others."""
    varied_picks: tuple[tuple[int, ...], ...] = ()

    @property
    def groups(self) -> tuple[Group, ...]:
        """What is scored."""
        return (self.group,) if self.varied is None else (self.group, self.varied)


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


def _prompt(
    model: ScoresGroups, questions: Mapping[str, Question], example: TrainingExample, variant: PictureVariant
) -> Prompt:
    question = question_of(questions, example.question_id, variant)
    return model.prompt(question, example.style, variant is PictureVariant.NONE)


def has_pictures(questions: Mapping[str, Question], example: TrainingExample) -> bool:
    """Whether the example's prompt shows any."""
    return example.pictures is not PictureVariant.NONE and bool(questions[example.question_id].images)


def groups_of(forward: Sequence[SharedGroup]) -> list[Group]:
    """The groups of one forward pass: of each shared group its own, then the varied one where there is one."""
    return [group for shared in forward for group in shared.groups]


def group_tokens(model: ScoresGroups, shared: SharedGroup) -> int:
    """Tokens of the packed rows of a shared group."""
    return sum(map(model.group_tokens, shared.groups))


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
    """A pair as token ids; None where its two sides are equal after truncation.

    `is_varied` has the chosen response scored with the varied pictures too.
    """
    chosen, rejected = (
        _trained_ids(model, pair.question_id, side, keep_tokens) for side in (pair.chosen, pair.rejected)
    )
    if chosen == rejected:
        return None
    return TrainingExample(
        question_id=pair.question_id, style=pair.style, responses=(chosen, rejected),
        varied=(chosen,) if is_varied else (), weight=_weight(pair), stream=pair.stream,
    )  # fmt: skip


def questions_by_id(questions: Rows[Question] | Mapping[str, Question]) -> Mapping[str, Question]:
    """Questions under their ids, read when they are asked for."""
    if isinstance(questions, Mapping):
        return questions
    return RowsByKey(questions, key=lambda question: question.id, value=lambda question: question)


def require_question(questions: Mapping[str, Question], example: TrainingExample) -> None:
    """Raises ValueError where the example's question is not there, or has no varied pictures and needs some."""
    if example.question_id not in questions:
        raise ValueError(f"question {example.question_id} has a row to train on but is not among the questions")
    question_of(questions, example.question_id, PictureVariant.VARIED if example.varied else example.pictures)


def places_by_prompt(examples: Sequence[TrainingExample]) -> list[list[int]]:
    """Places of the examples of each prompt, prompts in order of first appearance."""
    units: dict[tuple[str, Style, PictureVariant], list[int]] = {}
    for place, example in enumerate(examples):
        units.setdefault(example.prompt_key, []).append(place)
    return list(units.values())


def prompt_hash(example: TrainingExample) -> int:
    """64 bits that examples of one prompt share."""
    return key_hash(json.dumps(example.prompt_key))


def units_by_prompt(examples: Iterable[TrainingExample]) -> PromptUnits:
    """Numbers of the examples by prompt."""
    return PromptUnits.of(np.array([prompt_hash(example) for example in examples], dtype=np.uint64))


def steps_of(examples: Iterable[TrainingExample], plan: FitPlan) -> list[tuple[int, ...]]:
    """Numbers of the examples of every step of all epochs."""
    return list(StepOrder(units=units_by_prompt(examples), plan=plan))


def share(prompt: Prompt, examples: Sequence[TrainingExample], varied: Prompt | None = None) -> SharedGroup:
    """Each distinct response of these examples once, and those that are scored with the varied prompt too."""
    group, picks = _distinct(prompt, [example.responses for example in examples])
    if varied is None:
        return SharedGroup(group=group, picks=picks, examples=tuple(examples))
    other, other_picks = _distinct(varied, [example.varied for example in examples])
    return SharedGroup(group=group, picks=picks, examples=tuple(examples), varied=other, varied_picks=other_picks)


def _distinct(prompt: Prompt, rows: Sequence[tuple[Ids, ...]]) -> tuple[Group, tuple[tuple[int, ...], ...]]:
    place: dict[Ids, int] = {}
    for row in rows:
        for ids in row:
            place.setdefault(ids, len(place))
    picks = tuple(tuple(place[ids] for ids in row) for row in rows)
    return Group(prompt=prompt, responses=tuple(place)), picks


def _groups_within(
    model: ScoresGroups, prompts: tuple[Prompt, Prompt | None], examples: Sequence[TrainingExample], row_tokens: int
) -> list[SharedGroup]:
    own, varied = prompts
    groups: list[SharedGroup] = []
    start = 0
    for end in range(1, len(examples) + 1):
        grown = share(own, examples[start:end], varied)
        if end - start > 1 and group_tokens(model, grown) > row_tokens:
            groups.append(share(own, examples[start : end - 1], varied))
            start = end - 1
    return [*groups, share(own, examples[start:], varied)]


def _prompts(
    model: ScoresGroups, questions: Mapping[str, Question], first: TrainingExample
) -> tuple[Prompt, Prompt | None]:
    own = _prompt(model, questions, first, first.pictures)
    return own, _prompt(model, questions, first, PictureVariant.VARIED) if first.varied else None


def unit_of(model: ScoresGroups, questions: Mapping[str, Question], examples: Sequence[TrainingExample]) -> SharedGroup:
    """Examples of one prompt as one group, however long."""
    own, varied = _prompts(model, questions, examples[0])
    return share(own, examples, varied)


def forwards_of(
    model: ScoresGroups, questions: Mapping[str, Question], examples: Sequence[TrainingExample], row_tokens: int
) -> list[list[SharedGroup]]:
    """Groups of each forward pass: long ones first, each pass within `row_tokens` unless one example is above it."""
    groups: list[SharedGroup] = []
    for unit in places_by_prompt(examples):
        members = [examples[place] for place in unit]
        groups.extend(_groups_within(model, _prompts(model, questions, members[0]), members, row_tokens))
    sized = sorted(((group_tokens(model, shared), shared) for shared in groups), key=lambda pair: -pair[0])
    forwards: list[list[SharedGroup]] = []
    room = 0
    for tokens, shared in sized:
        if not forwards or tokens > room:
            forwards.append([])
            room = row_tokens
        forwards[-1].append(shared)
        room -= tokens
    return forwards

"""Lessons and pairs as token ids, the order in which they are trained, and the groups they share."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seewhy.model.packed.group import Group, Prompt
from seewhy.objectives.api import PictureVariant
from seewhy.records.types import Lesson, Pair, Question, Response, Style
from seewhy.training.api import ScoresGroups
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


def _trained_ids(model: ScoresGroups, question_id: str, response: Response, keep_tokens: int) -> Ids:
    ids = tuple(model.response_ids(response))
    if not ids:
        raise ValueError(f"question {question_id}: a response has no tokens; drop the row or give it text")
    return ids[:keep_tokens] if keep_tokens else ids


def lesson_examples(model: ScoresGroups, lessons: Sequence[Lesson], keep_tokens: int = 0) -> list[TrainingExample]:
    """Every lesson as token ids, its first `keep_tokens` where that is not 0."""
    return [
        TrainingExample(
            question_id=lesson.question_id,
            style=lesson.style,
            responses=(_trained_ids(model, lesson.question_id, lesson.response, keep_tokens),),
        )
        for lesson in lessons
    ]


def pair_examples(
    model: ScoresGroups, pairs: Sequence[Pair], keep_tokens: int = 0
) -> tuple[list[TrainingExample], int]:
    """Every pair as token ids, and how many were dropped because the two sides are equal after truncation."""
    kept: list[TrainingExample] = []
    for pair in pairs:
        chosen, rejected = (
            _trained_ids(model, pair.question_id, side, keep_tokens) for side in (pair.chosen, pair.rejected)
        )
        if chosen != rejected:
            kept.append(TrainingExample(question_id=pair.question_id, style=pair.style, responses=(chosen, rejected)))
    return kept, len(pairs) - len(kept)


def questions_by_id(questions: Sequence[Question], examples: Sequence[TrainingExample]) -> dict[str, Question]:
    """Questions under their ids; raises ValueError where an example asks for one that is not there."""
    known = {question.id: question for question in questions}
    for example in examples:
        if example.question_id not in known:
            raise ValueError(f"question {example.question_id} has a row to train on but is not among the questions")
    return known


def places_by_prompt(examples: Sequence[TrainingExample]) -> list[list[int]]:
    """Places of the examples of each prompt, prompts in order of first appearance."""
    units: dict[tuple[str, Style, PictureVariant], list[int]] = {}
    for place, example in enumerate(examples):
        units.setdefault(example.prompt_key, []).append(place)
    return list(units.values())


def _epoch_steps(units: Sequence[Sequence[int]], plan: FitPlan, epoch: int) -> list[tuple[int, ...]]:
    pieces = [unit[i : i + plan.batch_size] for unit in units for i in range(0, len(unit), plan.batch_size)]
    random.Random(f"order/{plan.seed}/{epoch}").shuffle(pieces)
    steps: list[tuple[int, ...]] = []
    filling: list[int] = []
    for piece in pieces:
        if len(filling) + len(piece) > plan.batch_size:
            steps.append(tuple(filling))
            filling = []
        filling.extend(piece)
    return [*steps, tuple(filling)] if filling else steps


def steps_of(examples: Sequence[TrainingExample], plan: FitPlan) -> list[tuple[int, ...]]:
    """Places of the examples of every step of all epochs: a pure function of rows, seed and batch size.

    Exercises of one prompt are shuffled as a unit and stay in one step, unless they are more than `batch_size`.
    """
    units = places_by_prompt(examples)
    return [step for epoch in range(plan.epochs) for step in _epoch_steps(units, plan, epoch)]


def share(prompt: Prompt, examples: Sequence[TrainingExample]) -> SharedGroup:
    """One group that holds each distinct response of these examples once."""
    place: dict[Ids, int] = {}
    for example in examples:
        for ids in example.responses:
            place.setdefault(ids, len(place))
    picks = tuple(tuple(place[ids] for ids in example.responses) for example in examples)
    return SharedGroup(group=Group(prompt=prompt, responses=tuple(place)), picks=picks, examples=tuple(examples))


def _groups_within(
    model: ScoresGroups, prompt: Prompt, examples: Sequence[TrainingExample], row_tokens: int
) -> list[SharedGroup]:
    groups: list[SharedGroup] = []
    start = 0
    for end in range(1, len(examples) + 1):
        grown = share(prompt, examples[start:end])
        if end - start > 1 and model.group_tokens(grown.group) > row_tokens:
            groups.append(share(prompt, examples[start : end - 1]))
            start = end - 1
    return [*groups, share(prompt, examples[start:])]


def forwards_of(
    model: ScoresGroups, questions: Mapping[str, Question], examples: Sequence[TrainingExample], row_tokens: int
) -> list[list[SharedGroup]]:
    """Groups of each forward pass: long ones first, each pass within `row_tokens` unless one example is above it."""
    groups: list[SharedGroup] = []
    for unit in places_by_prompt(examples):
        members = [examples[place] for place in unit]
        first = members[0]
        is_blind = first.pictures is PictureVariant.NONE
        prompt = model.prompt(questions[first.question_id], first.style, is_blind)
        groups.extend(_groups_within(model, prompt, members, row_tokens))
    sized = sorted(((model.group_tokens(shared.group), shared) for shared in groups), key=lambda pair: -pair[0])
    forwards: list[list[SharedGroup]] = []
    room = 0
    for tokens, shared in sized:
        if not forwards or tokens > room:
            forwards.append([])
            room = row_tokens
        forwards[-1].append(shared)
        room -= tokens
    return forwards

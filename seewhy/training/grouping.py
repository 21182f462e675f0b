"""The groups and forward passes that examples share: each prompt once, and each distinct response to it once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from seewhy.model.packed.group import Group, Prompt
from seewhy.objectives.api import PictureVariant
from seewhy.records.conversation import with_pictures
from seewhy.records.types import Question, Style
from seewhy.training.api import ScoresGroups
from seewhy.training.examples import Hashes, Ids, TrainingExample, hashes_of, question_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedGroup:
    """A group of distinct responses and, for each example on it, the places of its responses in the group."""

    group: Group
    """Of the question's own pictures, unless no response is scored with those."""
    picks: tuple[tuple[int, ...], ...]
    """Places count on from the responses of `group` through those of `elsewhere`."""
    examples: tuple[TrainingExample, ...]
    elsewhere: tuple[Group, ...] = ()
    """Rejected responses that have pictures of their own: a group for each set of pictures."""
    varied: Group | None = None
    """The responses that are scored with the varied pictures; in one forward pass with the others."""
    varied_picks: tuple[tuple[int, ...], ...] = ()

    @property
    def own_groups(self) -> tuple[Group, ...]:
        """Those whose responses `picks` count."""
        return (self.group, *self.elsewhere)

    @property
    def groups(self) -> tuple[Group, ...]:
        """What is scored."""
        return self.own_groups if self.varied is None else (*self.own_groups, self.varied)


def groups_of(forward: Sequence[SharedGroup]) -> list[Group]:
    """The groups of one forward pass: of each shared group its own, those elsewhere, then the varied one if any."""
    return [group for shared in forward for group in shared.groups]


def group_tokens(model: ScoresGroups, shared: SharedGroup) -> int:
    """Tokens of the packed rows of a shared group."""
    return sum(map(model.group_tokens, shared.groups))


def places_by_prompt(examples: Sequence[TrainingExample]) -> list[list[int]]:
    """Places of the examples of each prompt, prompts in order of first appearance."""
    units: dict[tuple[str, Style, PictureVariant], list[int]] = {}
    for place, example in enumerate(examples):
        units.setdefault(example.prompt_key, []).append(place)
    return list(units.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    """Prompts of examples that share theirs, encoded: one for each set of pictures that responses are scored with."""

    own: Prompt
    varied: Prompt | None = None
    rejected: Mapping[Hashes, Prompt] = field(default_factory=dict[Hashes, Prompt])
    """By the pictures of `rejected_images`."""


def share(prompts: Prompts, examples: Sequence[TrainingExample]) -> SharedGroup:
    """Each distinct response of these examples once for each set of pictures that it is scored with."""
    place: dict[Hashes | None, dict[Ids, int]] = {None: {}}
    for example in examples:
        for ids, shown in _shown(example):
            of_prompt = place.setdefault(shown, {})
            of_prompt.setdefault(ids, len(of_prompt))
    starts = dict(zip(place, accumulate((len(found) for found in place.values()), initial=0), strict=False))
    picks = tuple(tuple(starts[shown] + place[shown][ids] for ids, shown in _shown(example)) for example in examples)
    groups = [Group(prompt=prompts.own if shown is None else prompts.rejected[shown], responses=tuple(found))
              for shown, found in place.items() if found]  # fmt: skip
    shared = SharedGroup(group=groups[0], picks=picks, examples=tuple(examples), elsewhere=tuple(groups[1:]))
    if prompts.varied is None:
        return shared
    distinct = {ids: number for number, ids in enumerate(dict.fromkeys(i for one in examples for i in one.varied))}
    other = tuple(tuple(distinct[ids] for ids in one.varied) for one in examples)
    return replace(shared, varied=Group(prompt=prompts.varied, responses=tuple(distinct)), varied_picks=other)


def _shown(example: TrainingExample) -> list[tuple[Ids, Hashes | None]]:
    """Each response with the pictures that it is scored with, where they are not the prompt's own."""
    last = None if example.rejected_images is None else hashes_of(example.rejected_images)
    return [*((ids, None) for ids in example.responses[:-1]), (example.responses[-1], last)]


def _groups_within(
    model: ScoresGroups, prompts: Prompts, examples: Sequence[TrainingExample], row_tokens: int
) -> list[SharedGroup]:
    groups: list[SharedGroup] = []
    start = 0
    for end in range(1, len(examples) + 1):
        grown = share(prompts, examples[start:end])
        if end - start > 1 and group_tokens(model, grown) > row_tokens:
            groups.append(share(prompts, examples[start : end - 1]))
            start = end - 1
    return [*groups, share(prompts, examples[start:])]


Asked = tuple[Question, Style, bool]
"""A prompt to encode: a question, how it is asked, and whether its pictures are withheld."""
EncodePrompts = Callable[[Sequence[TrainingExample]], Prompts]
"""Encodes the prompts of examples that share theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPrompts:
    """What `Prompts` are encoded from, with all questions read."""

    own: Asked
    varied: Asked | None
    rejected: Mapping[Hashes, Asked]

    @property
    def has_pictures(self) -> bool:
        """Whether a picture is opened for any of them."""
        asked = [self.own, *([self.varied] if self.varied else []), *self.rejected.values()]
        return any(question.images and not is_blind for question, _, is_blind in asked)

    def encode(self, model: ScoresGroups) -> Prompts:
        """The prompts."""
        return Prompts(
            own=model.prompt(*self.own), varied=model.prompt(*self.varied) if self.varied else None,
            rejected={key: model.prompt(*asked) for key, asked in self.rejected.items()},
        )  # fmt: skip


def encoding_by(model: ScoresGroups, questions: Mapping[str, Question]) -> EncodePrompts:
    """Encodes when it is asked."""

    def encode(members: Sequence[TrainingExample]) -> Prompts:
        return asked_prompts(questions, members).encode(model)

    return encode


def asked_prompts(questions: Mapping[str, Question], examples: Sequence[TrainingExample]) -> AskedPrompts:
    """Of examples that share their prompt."""
    first = examples[0]
    question = questions[first.question_id]
    others = {hashes_of(shown): shown for one in examples if (shown := one.rejected_images) is not None}
    return AskedPrompts(
        own=_asked(questions, first, first.pictures),
        varied=_asked(questions, first, PictureVariant.VARIED) if first.varied else None,
        rejected={key: (with_pictures(question, images), first.style, False) for key, images in others.items()},
    )


def _asked(questions: Mapping[str, Question], example: TrainingExample, variant: PictureVariant) -> Asked:
    question = question_of(questions, example.question_id, variant)
    return question, example.style, variant is PictureVariant.NONE


def forwards_of(
    model: ScoresGroups, questions: Mapping[str, Question], examples: Sequence[TrainingExample], row_tokens: int,
    prompts: EncodePrompts | None = None,
) -> list[list[SharedGroup]]:  # fmt: skip
    """Groups of each forward pass: long ones first, each pass within `row_tokens` unless one example is above it.

    `prompts` gives prompts that are encoded already; left out, they are encoded here.
    """
    encode = prompts or encoding_by(model, questions)
    groups: list[SharedGroup] = []
    for unit in places_by_prompt(examples):
        members = [examples[place] for place in unit]
        groups.extend(_groups_within(model, encode(members), members, row_tokens))
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

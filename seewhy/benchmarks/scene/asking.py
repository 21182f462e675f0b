"""Questions about what pictures show, each with its answer and a rationale: one function a kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.benchmarks.scene.things import ROWS, Target, Thing, listed

ORDINALS = ("first", "second")
YES = 0.6
"""Share of the questions of kind `both` for which a yes is sought, so that about half get one."""
Pictures = Sequence[Sequence[Thing]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question's words, its gold answer and its rationale."""

    text: str
    answer: str
    rationale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is asked, of one picture or of two; `ask` returns None where it does not suit these."""

    name: str
    pictures: int
    is_reading: bool
    ask: Callable[[Pictures, np.random.Generator], Asked | None]


def draw_target(pictures: Pictures, generator: np.random.Generator) -> Target:
    """Colour, noun or both, mostly those of a thing that is there, at times each of another thing."""
    things = [thing for picture in pictures for thing in picture]
    one, other = (things[int(generator.integers(len(things)))] for _ in range(2))
    form = int(generator.integers(3))
    return Target(colour=one.colour if form != 1 else "", noun=other.noun if form != 0 else "")


def describe(pictures: Pictures, generator: np.random.Generator) -> Asked:
    """What the picture shows: `2 red birds, 1 black fish`."""
    number = len(pictures[0])
    return Asked(text="What does the picture show?", answer=listed(pictures[0]),
                 rationale=f"There are {number} things." if number != 1 else "There is 1 thing.")  # fmt: skip


def count(pictures: Pictures, generator: np.random.Generator) -> Asked:
    """How many of a kind one picture has."""
    target = draw_target(pictures, generator)
    number = target.count(pictures[0])
    return Asked(text=f"How many {target.words(0)} are there?", answer=str(number),
                 rationale=f"It has {number} {target.words(number)}.")  # fmt: skip


def count_in(pictures: Pictures, generator: np.random.Generator) -> Asked:
    """How many of a kind the first or the second picture has."""
    target, place = draw_target(pictures, generator), int(generator.integers(len(pictures)))
    counts = [target.count(picture) for picture in pictures]
    return Asked(text=f"How many {target.words(0)} are in the {ORDINALS[place]} picture?", answer=str(counts[place]),
                 rationale=each_has(target, counts)[place])  # fmt: skip


def row(pictures: Pictures, generator: np.random.Generator) -> Asked | None:
    """In which row a thing is that is there once."""
    single = singles(pictures[0])
    if not single:
        return None
    thing = single[int(generator.integers(len(single)))]
    return Asked(text=f"In which row is the {thing.phrase}?", answer=str(thing.row),
                 rationale=f"The {thing.phrase} is in row {thing.row}.")  # fmt: skip


def total(pictures: Pictures, generator: np.random.Generator) -> Asked:
    """How many of a kind two pictures have together."""
    target = draw_target(pictures, generator)
    counts = [target.count(picture) for picture in pictures]
    added = f"{counts[0]} plus {counts[1]} is {sum(counts)}."
    return Asked(text=f"How many {target.words(0)} are there in all?", answer=str(sum(counts)),
                 rationale=" ".join((*each_has(target, counts), added)))  # fmt: skip


def more(pictures: Pictures, generator: np.random.Generator) -> Asked | None:
    """Which of two pictures has more of a kind, where one has."""
    target = draw_target(pictures, generator)
    counts = [target.count(picture) for picture in pictures]
    if counts.count(max(counts)) > 1:
        return None
    place = ORDINALS[counts.index(max(counts))]
    compared = f"{max(counts)} is more than {min(counts)}."
    return Asked(text=f"Which picture has more {target.words(0)}?", answer=place,
                 rationale=" ".join((*each_has(target, counts), compared)))  # fmt: skip


def both(pictures: Pictures, generator: np.random.Generator) -> Asked | None:
    """Whether both pictures have some of a kind; mostly a yes is sought, which is the rarer answer."""
    wanted = bool(generator.random() < YES)
    for _ in range(8):
        target = draw_target(pictures, generator)
        counts = [target.count(picture) for picture in pictures]
        if all(counts) == wanted:
            text = f"Do both pictures have {target.words(0)}?"
            close = "Both have some." if wanted else f"The {ORDINALS[counts.index(0)]} has 0."
            return Asked(text=text, answer="yes" if wanted else "no",
                         rationale=" ".join((*each_has(target, counts), close)))  # fmt: skip
    return None


def higher(pictures: Pictures, generator: np.random.Generator) -> Asked | None:
    """Which of two things is higher, where they are in different rows and each is there once."""
    single = singles(pictures[0])
    pairs = [(a, b) for a in single for b in single if a.row != b.row]
    if not pairs:
        return None
    one, other = pairs[int(generator.integers(len(pairs)))]
    above = min(one, other, key=lambda thing: thing.row)
    told = f"The {one.phrase} is in row {one.row}. The {other.phrase} is in row {other.row}."
    return Asked(text=f"Which is higher, the {one.phrase} or the {other.phrase}?", answer=above.phrase,
                 rationale=f"{told} Row {above.row} is higher.")  # fmt: skip


def singles(things: Sequence[Thing]) -> list[Thing]:
    """Things whose colour and noun are there once, and whose middle is clearly within its row."""
    phrases = [thing.phrase for thing in things]
    return [thing for thing in things if phrases.count(thing.phrase) == 1 and 0.1 < thing.y * ROWS % 1 < 0.9]


def each_has(target: Target, counts: Sequence[int]) -> list[str]:
    """A sentence a picture: how many of what is meant it has."""
    return [f"The {ORDINALS[place]} has {number} {target.words(number)}." for place, number in enumerate(counts)]


def _kinds(
    pictures: int, is_reading: bool, *asks: Callable[[Pictures, np.random.Generator], Asked | None]
) -> list[Kind]:
    return [Kind(name=ask.__name__, pictures=pictures, is_reading=is_reading, ask=ask) for ask in asks]


READING = (*_kinds(1, True, describe, describe, count, row), *_kinds(2, True, count_in))
"""Kinds that take no step; `describe` twice, for it asks for everything that is there."""
REASONING = (*_kinds(2, False, total, more, both), *_kinds(1, False, higher))

"""Pairs of two sides that outcomes part, drawn at random in columns: the chains of a prompt never become objects.

The pairs are those that `ordered` and `pair_up` draw of the same chains.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from seewhy.pairs.choosing import by_use, shuffle
from seewhy.records.types import Outcome, Style

Places = NDArray[np.int64]
OUTCOMES = tuple(Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Chains of some outcomes that are preferred to chains of others, in random order."""

    chosen: Sequence[Outcome]
    rejected: Sequence[Outcome]
    most: int
    """Pairs a prompt at most."""
    seed: str
    """The order of a prompt's chains follows from this, question and style."""
    kept: StrEnum
    """What became of a prompt with a pair."""
    alike: StrEnum
    """What became of a prompt none of whose pairs differ in answer and text."""

    def seed_of(self, question_id: str, style: Style) -> str:
        """Seed of one prompt."""
        return f"{self.seed}/{question_id}/{style}"


@runtime_checkable
class HasSides(Protocol):
    """A rule that screens prompts, and of the others asks for outcome, answer and text alone."""

    @property
    def sides(self) -> Sides | None:
        """None where with these settings it asks for more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SidedPrompts:
    """Prompts of one style in columns; the chains of a prompt are together, in the order of their index."""

    question_ids: Sequence[str]
    style: Style
    bounds: Places
    """Where each prompt's chains begin, and at the end the number of chains."""
    rows: Places
    """Of each chain, its row in the block."""
    texts: list[str]
    outcomes: Places
    """Place of each among `OUTCOMES`."""
    answers: Places
    """Equal for answers that normalise to equal; -1 where there is none."""
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SidedPairs:
    """What was drawn of some prompts, in their order; a chain is its place among theirs."""

    prompts: Places
    """Number of the prompt of each pair."""
    chosen: Places
    rejected: Places
    repeats: Sequence[int]
    """Numbers of the prompts that hold a text twice, white space at its ends apart."""


def draw_sides(prompts: SidedPrompts, sides: Sides) -> SidedPairs:
    """The pairs of each prompt."""
    texts = list(map(str.strip, prompts.texts))
    bounds = prompts.bounds.tolist()
    repeats = [number for number, (begin, end) in enumerate(pairwise(bounds))
               if len(set(texts[begin:end])) < end - begin]  # fmt: skip
    chosen, rejected = _orders(prompts, sides, texts, set(repeats))
    drawn, others = _in_turn(chosen, rejected, sides.most)
    first = _first_of_text(texts, bounds, repeats)

    def differ(one: Places, other: Places) -> NDArray[np.bool_]:
        return (prompts.answers[one] != prompts.answers[other]) & (first[one] != first[other])

    number, one, other = drawn
    again = np.unique(np.concatenate([others, number[~differ(one, other)]]))
    is_left = ~np.isin(number, again)
    drawn = tuple(column[is_left] for column in drawn)
    if len(again):
        more = [np.concatenate(column) for column in zip(
            *(_least_used(place, chosen.of(place), rejected.of(place), sides.most, differ) for place in again.tolist()),
            strict=True,
        )]  # fmt: skip
        number, one, other = (np.concatenate(column) for column in zip(drawn, more, strict=True))
        order = np.argsort(number, kind="stable")
        drawn = number[order], one[order], other[order]
    return SidedPairs(prompts=drawn[0], chosen=drawn[1], rejected=drawn[2], repeats=repeats)


@dataclass(frozen=True, slots=True)
class _Orders:
    """Chains of one side, prompt by prompt, in the order in which they are taken."""

    chains: Places
    ends: Places
    """Where those of each prompt begin, and at the end their number."""

    @property
    def counts(self) -> Places:
        return np.diff(self.ends)

    def of(self, prompt: int) -> Places:
        return self.chains[self.ends[prompt] : self.ends[prompt + 1]]


def _orders(prompts: SidedPrompts, sides: Sides, texts: Sequence[str], repeats: set[int]) -> tuple[_Orders, _Orders]:
    """The first chain of each text, in random order, of both sides."""
    wanted = [[OUTCOMES.index(one) for one in side] for side in (sides.chosen, sides.rejected)]
    places = [np.flatnonzero(np.isin(prompts.outcomes, side)) for side in wanted]
    ends = [np.searchsorted(side, prompts.bounds).tolist() for side in places]
    there = [side.tolist() for side in places]
    taken, counts = (list[int](), list[int]()), ([0], [0])
    rng = random.Random()
    for number, name in enumerate(prompts.question_ids):
        rng.seed(sides.seed_of(name, prompts.style))
        for side in (0, 1):
            found = there[side][ends[side][number] : ends[side][number + 1]]
            if number in repeats:
                found = _distinct(found, texts)
            shuffle(found, rng)
            taken[side].extend(found)
            counts[side].append(len(taken[side]))
    one, other = (_Orders(np.array(taken[side], np.int64), np.array(counts[side], np.int64)) for side in (0, 1))
    return one, other


def _distinct(places: Iterable[int], texts: Sequence[str]) -> list[int]:
    first: dict[str, int] = {}
    for place in places:
        first.setdefault(texts[place], place)
    return list(first.values())


def _in_turn(chosen: _Orders, rejected: _Orders, most: int) -> tuple[tuple[Places, Places, Places], Places]:
    """`most` pairs of each prompt that has so many in turn: prompt, chosen, rejected; and the other prompts."""
    has_most = np.lcm(chosen.counts, rejected.counts) >= most
    whole = np.flatnonzero(has_most)
    turn = np.tile(np.arange(most), len(whole))
    number = np.repeat(whole, most)
    one, other = (side.chains[side.ends[number] + turn % side.counts[number]] for side in (chosen, rejected))
    return (number, one, other), np.flatnonzero(~has_most)


def _first_of_text(texts: Sequence[str], bounds: Sequence[int], repeats: Iterable[int]) -> Places:
    """For each chain the first of its prompt with the same text."""
    first = np.arange(len(texts))
    for number in repeats:
        begin, end = bounds[number], bounds[number + 1]
        where: dict[str, int] = {}
        first[begin:end] = [where.setdefault(texts[place], place) for place in range(begin, end)]
    return first


def _least_used(
    number: int, chosen: Places, rejected: Places, most: int, differ: Callable[[Places, Places], NDArray[np.bool_]]
) -> tuple[Places, Places, Places]:
    """The pairs of one prompt some of whose chains do not differ."""
    table = differ(chosen[:, None], rejected[None, :]).tolist()
    found = by_use(len(chosen), len(rejected), most, lambda one, other: table[one][other])
    places = np.array(found, np.int64).reshape(-1, 2)
    return np.full(len(found), number), chosen[places[:, 0]], rejected[places[:, 1]]

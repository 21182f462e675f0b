"""Which of the chains that may be chosen meets which that may be rejected."""

import random
from collections.abc import Callable, Sequence
from enum import StrEnum
from math import lcm
from operator import attrgetter
from typing import Any

from seewhy.pairs.judged import Choice, Judged, distinct_texts

INDEX, VALUE = attrgetter("index"), attrgetter("value")


class Pick(StrEnum):
    """In which order chains are taken."""

    RANDOM = "random"
    """By chance (LLaVA-Reasoner, arXiv 2410.16198, section 3.3)."""
    BEST_WORST = "best_worst"
    """The best scored with the worst scored first, as far as the judge gave scores; of equals by chance."""
    HARDEST = "hardest"
    """The wrong chains that the sampler itself finds likeliest, a token, with the right ones it finds least likely."""


def require_pick(pick: str) -> None:
    """ValueError where a rule's `pick` is none of `Pick`."""
    if pick not in set(Pick):
        raise ValueError(f"pick must be one of {', '.join(Pick)}, not {pick!r}")


def ordered(prompt: Sequence[Judged], pick: Pick, rng: random.Random, *, is_chosen: bool) -> list[Judged]:
    """The first chain of each text, in the order in which they are taken; that of the rows on disk has no say.

    Raises:
        ValueError: `HARDEST`, and the log-probabilities of a chain are not known.
    """
    found = distinct_texts(sorted(prompt, key=INDEX))
    shuffle(found, rng)
    match pick:
        case Pick.RANDOM:
            return found
        case Pick.BEST_WORST:
            return sorted(found, key=VALUE, reverse=is_chosen)
        case Pick.HARDEST:
            return sorted(found, key=_logprob, reverse=not is_chosen)


def shuffle(found: list[Any], rng: random.Random) -> None:
    """`rng.shuffle(found)`, draw by draw the same, in half the time."""
    draw = rng.getrandbits
    for last in range(len(found) - 1, 0, -1):
        bits = (last + 1).bit_length()
        other = draw(bits)
        while other > last:
            other = draw(bits)
        found[last], found[other] = found[other], found[last]


def pair_up(chosen: Sequence[Judged], rejected: Sequence[Judged], most: int) -> tuple[Choice, ...]:
    """At most so many distinct pairs, of different answers and texts; a chain again only when none is left that is
    used less.
    """
    places = _in_turn(len(chosen), len(rejected), most)
    if len(places) < most or not all(differ(chosen[one], rejected[other]) for one, other in places):
        places = by_use(len(chosen), len(rejected), most, lambda one, other: differ(chosen[one], rejected[other]))
    return tuple([_choice(chosen[one], rejected[other]) for one, other in places])


def differ(chosen: Judged, rejected: Judged) -> bool:
    """Whether neither answers, normalised, nor texts are equal; a chain without an answer differs by that."""
    return chosen.folded_answer != rejected.folded_answer and chosen.text.strip() != rejected.text.strip()


def _in_turn(chosen: int, rejected: int, most: int) -> list[tuple[int, int]]:
    """What `by_use` takes of so many chains, as long as each of these pairs differs: both sides in turn."""
    return [(turn % chosen, turn % rejected) for turn in range(min(most, lcm(chosen, rejected)))]


def by_use(chosen: int, rejected: int, most: int, differ: Callable[[int, int], bool]) -> list[tuple[int, int]]:
    """Places of the pairs that are taken of so many chains on both sides, in order."""
    used = [0] * chosen, [0] * rejected
    taken: list[tuple[int, int]] = []
    while len(taken) < most and (pair := _freshest(used, taken, differ)):
        taken.append(pair)
        for counts, place in zip(used, pair, strict=True):
            counts[place] += 1
    return taken


def _freshest(
    used: tuple[Sequence[int], Sequence[int]], taken: Sequence[tuple[int, int]], differ: Callable[[int, int], bool]
) -> tuple[int, int] | None:
    """Places of the pair not yet taken whose positive, then whose negative, was used least; ties in order."""
    freshest_first = sorted(range(len(used[1])), key=used[1].__getitem__)
    for positive in sorted(range(len(used[0])), key=used[0].__getitem__):
        for negative in freshest_first:
            if (positive, negative) not in taken and differ(positive, negative):
                return positive, negative
    return None


def _choice(chosen: Judged, rejected: Judged) -> Choice:
    return Choice(chosen=chosen, rejected=rejected, margin=chosen.value - rejected.value)


def _logprob(one: Judged) -> float:
    if one.logprob is None:
        raise ValueError(
            f"chain {one.index} ({one.style}) of question {one.question_id!r} has no log-probabilities, by which the "
            "hardest are found: sample with a local model, or set pick to random"
        )
    return one.logprob

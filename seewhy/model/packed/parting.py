"""Rows for replies of very different lengths: like ones share a row, whose branches are padded to its longest."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from seewhy.model.packed.group import Group

LEAST_PADDING = 1 << 22
"""Padded scores of attention below which a row is never parted: both ways take no time."""
PROMPT_COST = 6
"""Scores that cost a layer as much as one token of a prompt does, by unit of the net's width: 24 widths squared against
4 widths a score, in operations."""

Place = tuple[int, int]
"""The number of a group, and of a response in it."""


def scores_of(lengths: Sequence[int], prompt: int) -> int:
    """Scores of attention that branches of these lengths take in one batch, each padded to the longest."""
    longest = max(lengths, default=0)
    return len(lengths) * longest * (prompt + longest)


def best_parts(lengths: Sequence[int], prompt: int, again: int) -> list[list[int]]:
    """Places of lengths by row, such that scores, and what the prompts cost in each row, are as few as can be.

    Lengths of a row follow each other in size, so that is the cheapest of all ways to part them: one row, a row a
    reply, and all between. `again` is what the prompts cost once, in scores.

    Example:
        >>> best_parts([20, 2000, 21, 1100, 9], prompt=10, again=5000)
        [[1], [3], [2, 0, 4]]
    """
    ordered = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    starts = [k for k in range(len(ordered)) if k == 0 or lengths[ordered[k]] != lengths[ordered[k - 1]]]
    ends = [*starts[1:], len(ordered)]
    best: list[tuple[int, int]] = []
    """Of the lengths up to an end: the least cost, and where its last row starts."""
    for end in ends:
        costs = (
            ((best[k - 1][0] if k else 0) + scores_of([lengths[ordered[start]]] * (end - start), prompt) + again, start)
            for k, start in enumerate(starts)
            if start < end
        )
        best.append(min(costs))
    parts: list[list[int]] = []
    stop = len(ordered)
    while stop:
        start = best[ends.index(stop)][1]
        parts.append(ordered[start:stop])
        stop = start
    return parts[::-1]


ONE_ROW: ContextVar[bool] = ContextVar("one row", default=False)
"""Whether rows are left whole in this context, so that a pass calls the net once, however its responses differ."""


@contextmanager
def one_row_only() -> Generator[None]:
    """Rows are not parted while the context lasts: over sharded weights all processes must call the net as often."""
    before = ONE_ROW.set(True)
    try:
        yield
    finally:
        ONE_ROW.reset(before)


def rows_of(groups: Sequence[Group], width: int) -> list[list[Place]]:
    """The responses of each row: of one row, or of several where padding would cost more than their prompts again."""
    places = [(number, place) for number, group in enumerate(groups) for place in range(len(group.responses))]
    if ONE_ROW.get():
        return [places]
    lengths = [len(groups[number].responses[place]) for number, place in places]
    prompt = max((len(group.prompt.ids) for group in groups), default=0)
    least = sum(scores_of([length], prompt) for length in lengths)
    if scores_of(lengths, prompt) - least <= LEAST_PADDING:
        return [places]
    again = PROMPT_COST * width * sum(len(group.prompt.ids) for group in groups)
    parts = best_parts(lengths, prompt, again)
    return [sorted(places[k] for k in part) for part in parts]


def groups_at(groups: Sequence[Group], places: Sequence[Place]) -> list[Group]:
    """The groups with these responses alone; those that have none are left out."""
    chosen: dict[int, list[tuple[int, ...]]] = {}
    for number, place in places:
        chosen.setdefault(number, []).append(groups[number].responses[place])
    return [replace(groups[number], responses=tuple(rows)) for number, rows in chosen.items()]

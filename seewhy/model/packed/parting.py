"""Rows for replies of very different lengths: like ones share a row, whose branches are padded to its longest."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from seewhy.model.packed.group import Group

LIKE = 2
"""Replies of a row differ at most by this factor where a row is parted."""
LEAST_PADDING = 1 << 22
"""Padded scores of attention below which a row is never parted: both ways take no time."""
PROMPT_COST = 6
"""Scores that cost a layer as much as one token of a prompt does, by unit of the net's width: 24 widths squared against
4 widths a score, in operations."""

Place = tuple[int, int]
"""The number of a group, and of a response in it."""


def scores_of(lengths: Sequence[int], prompt: int) -> int:
    """Scores of attention that branches of these lengths take beside each other, each padded to the longest."""
    longest = max(lengths, default=0)
    return len(lengths) * longest * (prompt + longest)


def alike(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of lengths that differ by no more than a factor of two, the longest first.

    Example:
        >>> list(alike([20, 2000, 21, 1100, 9]))
        [[1, 3], [2, 0], [4]]
    """
    ordered = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    start = 0
    for stop in range(1, len(ordered) + 1):
        if stop == len(ordered) or lengths[ordered[stop]] * LIKE < lengths[ordered[start]]:
            yield ordered[start:stop]
            start = stop


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
    parts = list(alike(lengths))
    spared = scores_of(lengths, prompt) - sum(scores_of([lengths[k] for k in part], prompt) for part in parts)
    again = (len(parts) - 1) * sum(len(group.prompt.ids) for group in groups)
    if spared <= max(LEAST_PADDING, PROMPT_COST * width * again):
        return [places]
    return [sorted(places[k] for k in part) for part in parts]


def groups_at(groups: Sequence[Group], places: Sequence[Place]) -> list[Group]:
    """The groups with these responses alone; those that have none are left out."""
    chosen: dict[int, list[tuple[int, ...]]] = {}
    for number, place in places:
        chosen.setdefault(number, []).append(groups[number].responses[place])
    return [replace(groups[number], responses=tuple(rows)) for number, rows in chosen.items()]

"""What is run at once: consecutive rows that stay within a budget."""

from collections.abc import Sequence


def spans_within(costs: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Ranges (start, stop) of consecutive rows whose costs add up to at most `most`; a costlier row is alone.

    Example:
        >>> spans_within([3, 4, 2, 9, 1], most=7)
        [(0, 2), (2, 3), (3, 4), (4, 5)]
    """
    spans: list[tuple[int, int]] = []
    start, used = 0, 0
    for place, cost in enumerate(costs):
        if place > start and used + cost > most:
            spans.append((start, place))
            start, used = place, 0
        used += cost
    return [*spans, (start, len(costs))] if costs else []

"""Which process takes which groups of a step: whole groups, and about as many tokens each."""

from collections.abc import Callable, Sequence

from seewhy.training.parallel.ranks import Ranks

UNEVEN = 1.05
"""Tokens of the busiest process over the mean, up to which a first guess is kept: another costs encoding prompts anew.
"""


def shares_of(costs: Sequence[int], count: int) -> list[list[int]]:
    """Places of the groups of each process: the costliest first, each to whoever has least so far.

    At most 4/3 of the best possible for the busiest (Graham, Bounds on multiprocessing timing anomalies, SIAM Journal
    on Applied Mathematics 17, 1969, theorem 2).

    Example:
        >>> shares_of([5, 3, 3, 2, 2], count=2)
        [[0, 3], [1, 2, 4]]
    """
    shares: list[list[int]] = [[] for _ in range(count)]
    loads = [0] * count
    for place in sorted(range(len(costs)), key=lambda place: (-costs[place], place)):
        least = loads.index(min(loads))
        shares[least].append(place)
        loads[least] += costs[place]
    return [sorted(share) for share in shares]


def agreed_shares(
    ranks: Ranks, guesses: Sequence[int], cost: Callable[[int], int]
) -> tuple[list[list[int]], list[int]]:
    """Shares by true costs, and these costs; each group's is measured by one process and sent to all.

    `guesses` are costs that all processes know; `cost(place)` makes the true one, which takes time.
    """
    first = shares_of(guesses, ranks.size)
    found = ranks.gather([cost(place) for place in first[ranks.rank]])
    costs = [0] * len(guesses)
    for share, values in zip(first, found, strict=True):
        for place, value in zip(share, values, strict=True):
            costs[place] = value
    loads = [sum(costs[place] for place in share) for share in first]
    is_even = max(loads) <= UNEVEN * sum(loads) / ranks.size
    return first if is_even else shares_of(costs, ranks.size), costs

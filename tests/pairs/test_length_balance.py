"""Length balance: the share that is found, what it leaves out, and that neither depends on where a pair stands."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.pairs.length_balance import STEPS, Balance, draw_of, find_balance

Row = tuple[str, str, str, str]
LENGTHS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=60)


def rows_of(lengths: list[tuple[int, int]]) -> list[Row]:
    return [(f"q{n}", "reason", "a" * one, "b" * other) for n, (one, other) in enumerate(lengths)]


def gap(rows: list[Row]) -> float:
    """Mean length of the chosen sides less that of the rejected ones."""
    return sum(len(row[2]) - len(row[3]) for row in rows) / len(rows)


@settings(deadline=None, max_examples=60)
@given(LENGTHS, st.integers(0, 3))
def test_no_share_brings_the_means_closer_and_a_smaller_one_is_preferred(
    lengths: list[tuple[int, int]], seed: int
) -> None:
    rows = rows_of(lengths)
    found = find_balance(rows, seed)
    sign = (gap(rows) > 0) - (gap(rows) < 0) if rows else 0
    tried: list[tuple[float, float]] = []
    for step in range(STEPS + 1):
        kept = [row for row in rows if Balance(share=step / STEPS, sign=sign, seed=seed).keeps(*row)]
        if kept:
            tried.append((abs(gap(kept)), step / STEPS))
    assert found.sign == sign
    if tried:
        assert found.share == min(tried, key=lambda one: (round(one[0], 9), one[1]))[1]


def test_what_is_kept_does_not_depend_on_order_or_neighbours() -> None:
    rng = random.Random(0)
    rows = rows_of([(rng.randrange(40, 90), rng.randrange(60)) for _ in range(400)])
    found = find_balance(rows, 1)
    kept = {row for row in rows if found.keeps(*row)}
    rng.shuffle(rows)
    assert find_balance(rows, 1) == found
    assert {row for row in rows if found.keeps(*row)} == kept


def test_a_set_of_long_chosen_sides_is_balanced_by_about_the_share_that_is_needed() -> None:
    """900 pairs 30 letters longer on the chosen side and 300 as much shorter: two thirds of the 900 must go."""
    rows = rows_of([(80, 50)] * 900 + [(50, 80)] * 300)
    found = find_balance(rows, 0)
    kept = [row for row in rows if found.keeps(*row)]
    assert found.share == pytest.approx(2 / 3, abs=0.06)
    assert abs(gap(kept)) < 1
    assert sum(len(row[2]) < len(row[3]) for row in kept) == 300


def test_draws_are_even_and_of_their_own_for_each_seed() -> None:
    draws = [draw_of(0, f"q{n}", "reason", "a", "b") for n in range(4000)]
    assert sum(draws) / 4000 == pytest.approx(0.5, abs=0.02)
    assert draws[0] != draw_of(1, "q0", "reason", "a", "b")

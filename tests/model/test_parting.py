"""Replies of very different lengths: parted rows give what one row gives, and only where padding costs more."""

from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from untrained import gradient, groups, responses, untrained_model

from seewhy.model.packed.group import Group, Prompt
from seewhy.model.packed.parting import LEAST_PADDING, PROMPT_COST, best_parts, groups_at, rows_of, scores_of
from seewhy.model.packed.scores import packed_logps, separate_logps

PROMPT = Prompt(ids=tuple(range(10, 110)), pictures={})


def group_of(*lengths: int) -> Group:
    return Group(prompt=PROMPT, responses=responses(lengths))


MIXES = {
    "24 short and one long": [20] * 24 + [2000],
    "24 middling and one longer": [300] * 24 + [900],
    "half long": [40] * 12 + [1500] * 13,
    "all lengths": list(range(80, 2080, 80)),
    "three kinds": [16] * 12 + [256] * 12 + [4096],
    "one size": [400] * 25,
}
"""Tokens of 25 replies."""


def work_of(parts: Sequence[Sequence[int]], lengths: Sequence[int], prompt: int, width: int) -> int:
    """Scores of attention, and tokens of prompts in scores, that these rows take."""
    scores = sum(scores_of([lengths[place] for place in part], prompt) for part in parts)
    return scores + PROMPT_COST * width * prompt * len(parts)


@pytest.mark.parametrize("width", [64, 896, 4096])
@pytest.mark.parametrize("prompt", [30, 100, 1500])
@pytest.mark.parametrize("mix", MIXES)
def test_25_mixed_replies_take_no_more_work_than_one_row_a_row_a_reply_or_like_ones(
    mix: str, prompt: int, width: int
) -> None:
    lengths = MIXES[mix]
    group = Group(prompt=Prompt(ids=(7,) * prompt, pictures={}), responses=tuple((5,) * n for n in lengths))
    rows = [[place for _, place in row] for row in rows_of([group], width)]
    found = work_of(rows, lengths, prompt, width)
    alike = [[k for k, n in enumerate(lengths) if n.bit_length() == size] for size in {n.bit_length() for n in lengths}]
    for others in ([list(range(25))], [[k] for k in range(25)], alike):
        assert found <= work_of(others, lengths, prompt, width) + LEAST_PADDING


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=9), st.integers(0, 10**6))
def test_no_way_to_part_lengths_in_order_is_cheaper(lengths: list[int], again: int) -> None:
    parts = best_parts(lengths, 50, again)
    assert sorted(place for part in parts for place in part) == list(range(len(lengths)))
    ordered = sorted(lengths, reverse=True)
    costs = [
        sum(scores_of(ordered[start:stop], 50) + again for start, stop in pairwise([0, *cuts, len(ordered)]))
        for count in range(len(ordered))
        for cuts in combinations(range(1, len(ordered)), count)
    ]
    assert sum(scores_of([lengths[k] for k in part], 50) + again for part in parts) == min(costs)


def test_a_row_is_parted_only_where_padding_costs_more_than_the_prompt_again() -> None:
    uneven, even = group_of(*[20] * 24, 2000), group_of(*[99] * 24, 104)
    assert [len(row) for row in rows_of([uneven], 128)] == [1, 24]
    assert len(rows_of([even], 128)) == 1
    assert scores_of([20] * 24 + [2000], 100) > LEAST_PADDING > scores_of([99] * 25, 100)
    assert len(rows_of([uneven], 1_000_000)) == 1
    assert len(rows_of([group_of(1, 40), group_of(3)], 0)) == 1


def test_groups_keep_their_order_and_lose_those_without_responses() -> None:
    first, second = group_of(3, 400), group_of(5)
    assert groups_at([first, second], [(0, 1)]) == [Group(prompt=PROMPT, responses=first.responses[1:])]
    assert groups_at([first, second], [(0, 0), (1, 0)])[1] == second


def test_parted_rows_give_the_values_and_gradients_of_separate_ones(tmp_path) -> None:
    model = untrained_model()
    asked = groups(model, tmp_path, {0: (4, 5), 1: (3,)})
    long = [Group(prompt=asked[0].prompt, responses=(*responses([6] * 30), *responses([380], seed=9))), asked[1]]
    assert len(rows_of(long, 0)) >= 2
    found, expected = (score(model.net, long) for score in (packed_logps, separate_logps))
    assert [len(rows) for rows in found] == [31, 1]
    made, wanted = (torch.cat([row for rows in each for row in rows]) for each in (found, expected))
    torch.testing.assert_close(made, wanted, rtol=0, atol=1e-5)
    weights = torch.linspace(0.5, 1.5, len(made))
    for one, other in zip(*(gradient(model.net, (each * weights).sum()) for each in (made, wanted)), strict=True):
        assert float((one - other).abs().max()) <= 1e-4 * max(1.0, float(other.abs().max()))

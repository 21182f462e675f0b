"""Replies of very different lengths: parted rows give what one row gives, and only where padding costs more."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from untrained import gradient, groups, responses, untrained_model

from seewhy.model.packed.group import Group, Prompt
from seewhy.model.packed.parting import LEAST_PADDING, LIKE, alike, groups_at, rows_of, scores_of
from seewhy.model.packed.scores import packed_logps, separate_logps

PROMPT = Prompt(ids=tuple(range(10, 110)), pictures={})


def group_of(*lengths: int) -> Group:
    return Group(prompt=PROMPT, responses=responses(lengths))


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=40))
def test_each_length_stands_in_one_part_with_others_like_it(lengths: list[int]) -> None:
    parts = list(alike(lengths))
    assert sorted(place for part in parts for place in part) == list(range(len(lengths)))
    for part in parts:
        held = [lengths[place] for place in part]
        assert max(held) <= LIKE * min(held)


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
    assert len(rows_of(long, 0)) == 2
    found, expected = (score(model.net, long) for score in (packed_logps, separate_logps))
    assert [len(rows) for rows in found] == [31, 1]
    made, wanted = (torch.cat([row for rows in each for row in rows]) for each in (found, expected))
    torch.testing.assert_close(made, wanted, rtol=0, atol=1e-5)
    weights = torch.linspace(0.5, 1.5, len(made))
    for one, other in zip(*(gradient(model.net, (each * weights).sum()) for each in (made, wanted)), strict=True):
        assert float((one - other).abs().max()) <= 1e-4 * max(1.0, float(other.abs().max()))

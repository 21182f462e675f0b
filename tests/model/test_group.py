"""The packed row of question groups, worked by hand."""

import pytest
import torch

from seewhy.model.packed.group import Group, Prompt, joined_marks, pack, separate_tokens_of, tokens_of

FIRST = Group(prompt=Prompt(ids=(11, 12, 13), pictures={}), responses=((21, 22), (31, 32, 33)))
SECOND = Group(prompt=Prompt(ids=(14, 15), pictures={}), responses=((41,),))


def test_a_row_holds_the_prompts_without_their_last_tokens_and_then_a_branch_for_each_response():
    packed = pack([FIRST, SECOND])
    assert packed.ids.tolist() == [[11, 12, 14, 13, 21, 13, 31, 32, 15]]
    assert packed.prefix_length == 3
    assert packed.lengths == (2, 3, 1)


def test_each_branch_token_predicts_the_response_token_of_its_own_place():
    assert pack([FIRST, SECOND]).targets.tolist() == [21, 22, 31, 32, 33, 41]


def test_positions_restart_at_the_end_of_the_prompt_in_each_branch():
    assert pack([FIRST, SECOND]).positions.tolist() == [[0, 1, 0, 2, 3, 2, 3, 4, 1]]


def test_a_branch_token_sees_its_own_prompt_and_the_earlier_tokens_of_its_branch():
    layout = pack([FIRST, SECOND]).layout
    assert layout.branch_group.tolist() == [0, 0, 1]
    row = pack([FIRST, SECOND]).ids[0]
    keys = torch.cat([row[layout.prefix_index[layout.branch_group]], row[layout.branch_index]], dim=1)
    seen = [[key for key, sees in zip(keys[2], layout.visible[2, 0, 0], strict=True) if sees]]
    assert [[int(key) for key in row] for row in seen] == [[14, 15]]
    seen_last = [int(key) for key, sees in zip(keys[1], layout.visible[1, 0, 2], strict=True) if sees]
    assert seen_last == [11, 12, 13, 31, 32]


def test_restoring_puts_every_token_back_in_its_place():
    packed = pack([FIRST, SECOND])
    layout, row = packed.layout, packed.ids[0]
    padded = torch.cat([row[layout.prefix_index].flatten(), row[layout.branch_index].flatten()])
    assert padded[layout.restore].tolist() == row.tolist()


def test_tokens_of_a_group_are_those_of_its_row_and_of_its_separate_rows():
    assert tokens_of(FIRST) == 2 + 2 + 3
    assert separate_tokens_of(FIRST) == (2 + 2) + (2 + 3)


@pytest.mark.parametrize(
    "group",
    [
        Group(prompt=Prompt(ids=(1,), pictures={}), responses=((2,),)),
        Group(prompt=Prompt(ids=(1, 2), pictures={}), responses=((3,), ())),
    ],
)
def test_a_prompt_of_one_token_and_an_empty_response_are_refused(group):
    with pytest.raises(ValueError, match="two tokens or more"):
        pack([group])


def test_pictures_of_all_prompts_are_joined_in_order_and_a_blind_prompt_has_none():
    seen = Prompt(ids=(1, 2), pictures={"pixel_values": torch.full((1, 2), 1.0)})
    other = Prompt(ids=(1, 2), pictures={"pixel_values": torch.full((2, 2), 2.0)})
    blind = Prompt(ids=(1, 2), pictures={})
    packed = pack([Group(prompt=prompt, responses=((3,),)) for prompt in (seen, blind, other)])
    assert packed.pictures["pixel_values"].tolist() == [[1, 1], [2, 2], [2, 2]]


def test_marks_of_a_prompt_are_followed_by_zeros_for_its_response():
    prompt = Prompt(ids=(1, 2, 3), pictures={}, token_type_ids={"token_type_ids": (0, 1, 1)})
    rows = joined_marks([(prompt, 5), (prompt, 2)])
    assert rows["token_type_ids"].tolist() == [[0, 1, 1, 0, 0], [0, 1, 0, 0, 0]]

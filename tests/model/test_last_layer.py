"""The last text layer of a packed row: branches alone go through all of it, and nothing that is read changes."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from families import FAMILIES, Family
from lora import grouped
from torch import Tensor, nn
from untrained import drawn_of, groups, picture, question, untrained_model

from seewhy.model.api import GenerateRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.packed.group import Packed, pack, tokens_of
from seewhy.model.packed.last_layer import last_layer, packing
from seewhy.model.packed.scores import packed_logps
from seewhy.records.types import Style

# PaliGemma's processor turns arrays into arrays in a way that numpy means to drop.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
LENGTHS = {1: (3, 6), 2: (5,)}
PACKED = [family for family in FAMILIES if family.is_packed]


def linear_tokens(model: HubModel, run: Callable[[], object]) -> dict[str, list[int]]:
    """Tokens that each linear layer of the last text layer was given, call by call, by the end of its name."""
    seen: dict[str, list[int]] = {}

    def count(end: str, _: nn.Module, given: tuple[Tensor, ...], __: Tensor) -> None:
        seen.setdefault(end, []).append(given[0].shape[:-1].numel())

    parts = [(name, part) for name, part in layer_of(model).named_modules() if isinstance(part, nn.Linear)]
    hooks = [part.register_forward_hook(partial(count, name.rpartition(".")[2])) for name, part in parts]
    run()
    for hook in hooks:
        hook.remove()
    return seen


def layer_of(model: HubModel) -> nn.Module:
    layer = last_layer(model.net)
    assert layer is not None
    return layer


@pytest.mark.parametrize("family", PACKED, ids=[family.name for family in PACKED])
def test_the_last_layer_makes_keys_and_values_of_prompts_and_all_else_of_branches(
    family: Family, tmp_path: Path
) -> None:
    model = family.make()
    for group in grouped(model, tmp_path):
        seen = linear_tokens(model, partial(packed_logps, model.net, [group]))
        keys, values = seen.pop("k_proj"), seen.pop("v_proj")
        if hasattr(layer_of(model), "self_attn"):  # else its keys are those of pictures
            assert keys == values == [tokens_of(group)]
        branches = tokens_of(group) - len(group.prompt.ids) + 1
        assert {"q_proj", "o_proj", "down_proj"} <= set(seen)
        assert seen == {end: [branches] for end in seen}


def test_a_prompt_that_chains_are_drawn_from_leaves_the_last_layer_its_keys_and_values_alone(tmp_path: Path) -> None:
    model = untrained_model()
    ask = GenerateRequest(question=question(1, picture(tmp_path, 1)), style=Style.REASON, count=2)
    seen = linear_tokens(model, lambda: drawn_of(model, [ask]))
    prompt = len(model.prompt(ask.question, ask.style).ids) - 1
    assert {end: tokens[0] for end, tokens in seen.items()} == dict.fromkeys(seen, 0) | {
        "k_proj": prompt,
        "v_proj": prompt,
    }


def test_a_row_that_is_read_as_a_whole_goes_through_all_of_the_last_layer(tmp_path: Path) -> None:
    model = untrained_model()
    packed = pack(groups(model, tmp_path, LENGTHS), model.net.device)
    whole = replace(packed, layout=replace(packed.layout, unread=0))

    def last(row: Packed) -> Tensor:
        with packing(model.net, row.layout):
            return model.net.model(
                input_ids=row.ids, position_ids=row.positions, use_cache=False, branch_layout=row.layout, **row.pictures
            ).last_hidden_state[0]

    cut, full = last(packed), last(whole)
    torch.testing.assert_close(cut[packed.prefix_length :], full[packed.prefix_length :], rtol=0, atol=1e-5)
    assert (cut - full)[: packed.prefix_length].abs().amax(dim=1).min() > 1e-3


def test_no_hook_is_left_when_the_forward_pass_is_over_or_broke(tmp_path: Path) -> None:
    model = untrained_model()
    made = groups(model, tmp_path, LENGTHS)
    with pytest.raises(ZeroDivisionError), packing(model.net, pack(made, model.net.device).layout):
        raise ZeroDivisionError
    packed_logps(model.net, made)
    parts = list(layer_of(model).modules())
    assert not [part for part in parts if part._forward_hooks or part._forward_pre_hooks]

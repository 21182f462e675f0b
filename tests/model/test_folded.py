"""Branches over a shared prompt against branches that each hold a copy of it: the same attention and gradients."""

from dataclasses import replace

import pytest
import torch
from untrained import gradient, groups, untrained_model

from seewhy.model.packed.cpu_kernel import LONG, attend_folded, folds
from seewhy.model.packed.layout import layout_of
from seewhy.model.packed.scores import packed_logps, separate_logps
from seewhy.model.packed.shared_prefix import attend, attend_padded

ROWS = {
    "one branch": ([30], [7], [0]),
    "branches of mixed lengths": ([40], [9, 1, 5], [0, 0, 0]),
    "questions of mixed lengths": ([7, 30, 1], [5, 9, 3, 8, 1, 12], [0, 0, 1, 2, 2, 2]),
    "branches that stand in another order than their prompts": ([5, 60], [4, 20, 6], [1, 1, 0]),
    "a prompt without branches": ([5, 9, 6], [4, 8], [0, 2]),
}
HEADS = {"as many key heads": (4, 4), "fewer key heads": (4, 2)}


def states(layout, heads, width=16, dtype=torch.float64, seed=0):
    drawn = torch.Generator().manual_seed(seed)
    length = len(layout.restore)
    return [torch.randn(1, n, length, width, generator=drawn, dtype=dtype, requires_grad=True) for n in heads]


def spread(made, scale, layout):
    query, key, value = (each[0].transpose(0, 1) for each in made)
    shared = query.shape[1] // key.shape[1]
    return attend_folded(query, *(each.repeat_interleave(shared, dim=1) for each in (key, value)), layout, scale)[None]


@pytest.mark.parametrize("heads", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_shared_prompt_gives_the_attention_and_the_gradients_of_copies(row, heads):
    layout = layout_of(*row)
    made = states(layout, (*heads, heads[1]))
    weights = torch.randn(1, len(layout.restore), heads[0], 16, dtype=torch.float64)
    found, expected = spread(made, 0.3, layout), attend(*made, layout, 0.3)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    gradients = (torch.autograd.grad((out * weights).sum(), made) for out in (found, expected))
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("window", [None, 6])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_key_heads_that_are_not_repeated_give_the_attention_and_the_gradients_of_repeated_ones(row, window):
    layout = layout_of(*row)
    made = states(layout, (6, 2, 2))
    weights = torch.randn(1, len(layout.restore), 6, 16, dtype=torch.float64)
    found, expected = (attend_padded(*made, layout, 0.3, window, is_shared=is_shared) for is_shared in (True, False))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    gradients = (torch.autograd.grad((out * weights).sum(), made) for out in (found, expected))
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_gradients_of_a_shared_prompt_are_those_of_finite_differences():
    layout = layout_of([3, 5], [2, 4, 1], [0, 1, 1])
    made = states(layout, (2, 2, 2), width=4)
    assert torch.autograd.gradcheck(lambda *each: spread(each, 0.5, layout), made)


def test_a_net_in_mixed_precision_shares_its_prompts_within_the_rounding_of_bf16():
    """Rotary positions make float32 of query and key, which the values are not."""
    layout = layout_of([LONG], [30, 9], [0, 0])
    made = states(layout, (4, 4, 4), dtype=torch.float32)
    mixed = [*made[:2], made[2].bfloat16()]
    found, expected = spread(mixed, 0.3, layout), spread(made, 0.3, layout)
    assert found.dtype is torch.bfloat16
    torch.testing.assert_close(found.float(), expected, rtol=0, atol=0.03)
    weights = torch.randn_like(expected)
    for a, b in zip(*(torch.autograd.grad((out * weights).sum(), made) for out in (found, expected)), strict=True):
        assert float((a - b).norm() / b.norm()) < 0.02


def long_groups(model, folder):
    words = tuple(range(20, 280)) * 2
    return [
        replace(group, prompt=replace(group.prompt, ids=(*words[: LONG + 40 * place], *group.prompt.ids)))
        for place, group in enumerate(groups(model, folder, {0: (5, 9), 1: (3,), 2: (8, 1, 6)}))
    ]


def test_a_net_in_mixed_precision_takes_long_prompts_forward_and_backward(tmp_path):
    model = untrained_model(std=0.05)
    asked = long_groups(model, tmp_path)
    expected = torch.cat([row for rows in separate_logps(model.net, asked) for row in rows])
    with torch.autocast("cpu", torch.bfloat16):
        found = torch.cat([row for rows in packed_logps(model.net, asked) for row in rows])
    torch.testing.assert_close(found, expected, rtol=0, atol=0.1)
    moved, wanted = (torch.cat([g.flatten() for g in gradient(model.net, flat.sum())]) for flat in (found, expected))
    assert float((moved - wanted).norm() / wanted.norm()) < 0.1


def test_scores_as_large_as_those_of_a_trained_net_stay_finite():
    layout = layout_of([300], [9, 3], [0, 0])
    query, key, value = states(layout, (2, 2, 2), dtype=torch.float32)
    found = spread((query * 40, key * 40, value), 0.25, layout)
    for each in (found, *torch.autograd.grad(found.sum(), (query, key, value))):
        assert bool(each.isfinite().all())


@pytest.mark.parametrize("tokens", [LONG - 1, LONG])
def test_prompts_from_the_measured_length_on_are_shared(tokens):
    layout = layout_of([tokens, 4], [3], [0])
    query, _, value = states(layout, (2, 2, 2))
    assert folds(query, value, layout) is (tokens >= LONG)
    assert not folds(query, value[..., :8], layout)
    assert not folds(query, value, layout_of([tokens], [], []))


def test_a_prompt_that_a_window_cuts_or_that_sees_both_ways_is_not_shared():
    layout = layout_of([LONG], [3], [0])
    query, _, value = states(layout, (2, 2, 2))
    assert folds(query, value, layout, window=LONG + 3)
    assert not folds(query, value, layout, window=LONG + 2)
    assert not folds(query, value, layout_of([LONG], [3], [0], blocks=[[0, 1, 1, *[0] * (LONG - 3)]]))


def test_long_prompts_give_the_log_probabilities_and_gradients_of_separate_rows(tmp_path):
    model = untrained_model()
    asked = long_groups(model, tmp_path)
    found, expected = (
        torch.cat([row for rows in scored(model.net, asked) for row in rows])
        for scored in (packed_logps, separate_logps)
    )
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    moved, wanted = (gradient(model.net, flat.sum()) for flat in (found, expected))
    largest = max(float(each.norm()) for each in wanted)
    assert max(float((a - b).norm()) for a, b in zip(moved, wanted, strict=True)) <= 1e-4 * largest

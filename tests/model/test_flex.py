"""FlexAttention, by its plain form on the CPU: the attention of the padded calls; and when it is chosen."""

import time

import pytest
import torch
from torch._dynamo.testing import CompileCounter
from torch.nn.attention.flex_attention import flex_attention

from seewhy.model.packed.flex import LONG, Trials, attend_flex, flexes
from seewhy.model.packed.layout import layout_of
from seewhy.model.packed.shared_prefix import attend

ROWS = {
    "one branch": ([30], [7], [0]),
    "branches of mixed lengths": ([40], [9, 1, 5], [0, 0, 0]),
    "questions of mixed lengths": ([7, 30, 1], [5, 9, 3, 8, 1, 12], [0, 0, 1, 2, 2, 2]),
    "prompts alone": ([5, 9], [], []),
}
# Compiled it needs a GPU, and so does its backward pass; what torch says of the plain form is that it is slow.
pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile:UserWarning")


def states(length, heads, width=16):
    drawn = torch.Generator().manual_seed(0)
    return tuple(torch.randn(1, n, length, width, generator=drawn) for n in heads)


@pytest.mark.parametrize("heads", [(4, 4, 4), (4, 2, 2)])
@pytest.mark.parametrize("window", [None, 6])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_flex_attention_is_the_attention_of_padded_calls(row, window, heads):
    layout = layout_of(*row)
    made = states(len(layout.restore), heads)
    found = attend_flex(made, layout, window, 0.3, run=flex_attention)
    expected = attend(*made, layout, 0.3, window)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_tokens_of_a_picture_see_each_other_both_ways():
    layout = layout_of([8, 6], [3, 2], [0, 1], blocks=[[0, 1, 1, 1, 0, 2, 2, 0], [0, 0, 1, 1, 0, 0]])
    made = states(len(layout.restore), (2, 2, 2))
    found = attend_flex(made, layout, None, 0.3, run=flex_attention)
    torch.testing.assert_close(found, attend(*made, layout, 0.3), rtol=0, atol=1e-5)


@pytest.mark.parametrize("window", [None, 2, 100])
def test_blocks_that_are_seen_both_ways_in_windows_alone_are_those_of_padded_calls(window):
    blocks = [[0, 1, 1, 1, 0, 2, 2, 0], [0, 0, 1, 1, 0, 0]]
    layout = layout_of([8, 6], [3, 2], [0, 1], blocks=blocks, is_block_windowed=True)
    made = states(len(layout.restore), (2, 2, 2))
    found = attend_flex(made, layout, window, 0.3, run=flex_attention)
    torch.testing.assert_close(found, attend(*made, layout, 0.3, window), rtol=0, atol=1e-5)
    causal = attend(*made, layout_of([8, 6], [3, 2], [0, 1]), 0.3, window)
    assert torch.equal(found, causal) is False or window is None
    if window is None:
        torch.testing.assert_close(found, causal, rtol=0, atol=1e-5)


def test_on_a_cpu_it_is_not_even_tried():
    layout = layout_of([LONG], [8], [0])
    made = states(LONG + 8, (1, 1, 1), width=4)
    assert not flexes(made, layout, None, 0.3, plain=lambda *_: pytest.fail("it was tried"))


def test_a_kernel_that_raises_or_gives_something_else_is_left_aside_with_the_reason(caplog):
    made = states(64, (2, 2, 2))

    def plain(query, key, value):
        time.sleep(0.005)
        return query + key + value

    def broken(query, key, value):
        raise RuntimeError("out of shared memory")

    trials = Trials()
    assert not trials.prefers_flex(made, flex=broken, plain=plain)
    assert "FlexAttention does not run (out of shared memory)" in caplog.text
    for number, wrong in enumerate((lambda q, k, v: q + k + 1.001 * v, lambda q, k, v: q + k.detach() + v)):
        caplog.clear()
        assert not Trials().prefers_flex(states(64 << number, (2, 2, 2)), flex=wrong, plain=plain)
        assert "FlexAttention differs from them by" in caplog.text


def test_what_was_found_is_kept_for_later_processes(tmp_path):
    file, made = tmp_path / "kept" / "kernels.json", states(64, (2, 2, 2))

    def slow(query, key, value):
        time.sleep(0.005)
        return query + key + value

    assert Trials(file).prefers_flex(made, flex=lambda q, k, v: q + k + v, plain=slow)
    assert Trials(file).prefers_flex(made, flex=lambda *_: pytest.fail("it was tried again"), plain=slow)
    file.write_text("[torn")
    assert Trials(file).found == {}


def test_the_faster_of_the_two_is_taken_and_tried_once_for_rows_of_like_size(caplog):
    caplog.set_level("INFO")
    tried = []

    def fast(query, key, value):
        tried.append("fast")
        return query + key + value

    def slow(query, key, value):
        time.sleep(0.005)
        return query + key + value

    trials = Trials()
    made = states(64, (2, 2, 2))
    assert trials.prefers_flex(made, flex=fast, plain=slow)
    assert "taking FlexAttention" in caplog.text
    runs = len(tried)
    assert trials.prefers_flex(states(100, (2, 2, 2)), flex=fast, plain=slow)
    assert len(tried) == runs
    assert not trials.prefers_flex(states(128, (2, 2, 2)), flex=slow, plain=fast)
    assert "taking padded calls" in caplog.text


SHAPES = [
    ([130], [7, 9], [0, 0]), ([200], [30], [0]), ([7, 130, 1], [5, 9, 3, 8], [0, 0, 1, 2]),
    ([300], [40, 30], [0, 0]), ([257], [100], [0]), ([150, 20], [60, 11, 12], [0, 1, 1]),
]  # fmt: skip


@pytest.mark.nightly
def test_rows_of_every_length_are_compiled_twice_at_most_and_masks_are_made_once_a_layout_and_window():
    """As `compiled` compiles it, with a back end that counts in place of a GPU's: what is traced is the same."""
    counter = CompileCounter()
    run = torch.compile(flex_attention, dynamic=True, backend=counter)
    for row in SHAPES:
        layout = layout_of(*row)
        made = states(len(layout.restore), (4, 2, 2))
        for window in (None, 64):
            attend_flex(made, layout, window, 0.3, run=run)
            mask = layout.masks[window]
            attend_flex(made, layout, window, 0.3, run=run)
            assert layout.masks[window] is mask
        assert len(layout.masks) == 2
    assert 1 <= counter.frame_count <= 2

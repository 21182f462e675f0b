"""Attention of a packed row on the CPU that copies no prompt: the branches of a question share its keys and values.

A branch token's attention is taken in two parts, over the prompt and over its own branch, and the parts are weighed by
their sums of exponents. The tokens of all branches of a question are the queries of one call over its prompt. The
backward pass hands each part the sums of exponents and the outputs of the whole, which gives each part its true
share of the gradient; both passes use torch's own CPU kernel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seewhy.model.packed.layout import Layout

_forward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward


LONG = 256
"""Tokens of the longest prompt from which on this was measured to be faster, on two cores; shorter ones are copied."""


def folds(query: Tensor, value: Tensor, layout: Layout, window: int | None = None) -> bool:
    """Whether `attend_folded` is taken: on the CPU, with branches, a long prompt, and values as wide as keys.

    It knows prompts that are causal and seen as a whole: no window that cuts them, no block that sees both ways.
    """
    longest = layout.prefix_index.shape[1]
    is_plain = layout.blocks is None and (window is None or longest + layout.branch_index.shape[1] <= window)
    is_long = longest >= LONG and layout.branch_index.numel() > 0
    return is_plain and is_long and _is_for_cpu(query) and query.shape[-1] == value.shape[-1]


def _is_for_cpu(states: Tensor) -> bool:
    """On the CPU; or on paper, where a rehearsal asks what a machine without a GPU would hold."""
    return states.device.type == "cpu" or (states.is_meta and not torch.cuda.is_available())


def attend_folded(query: Tensor, key: Tensor, value: Tensor, layout: Layout, scaling: float) -> Tensor:
    """Attention of one packed row; query, key and value [L, heads, width], the result too.

    It is computed in the precision of `value`: rotary positions make float32 of what a net in mixed precision gives
    for query and key, and `torch.autocast` takes that back for torch's own attention alone.
    """
    query, key = query.to(value.dtype), key.to(value.dtype)
    return _Folded.apply(query, key, value, layout, scaling)  # pyright: ignore[reportReturnType]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    """How the row is taken apart."""

    first: int
    """The first branch token's place in the row; the branches come last in it."""
    filled: Tensor
    """[branch tokens] place of each in the padded branches."""
    parts: tuple[tuple[slice, slice, bool], ...]
    """Queries, keys, and whether later keys are hidden: each prompt over itself, the branches of each over it."""


def _stretches(index: Tensor) -> list[slice]:
    """The places of the row that each line of an index covers; 0 where a line is padded."""
    ends = zip(index[:, 0].tolist(), index.amax(dim=1).tolist(), strict=True)
    return [slice(first, last + 1) for first, last in ends]


def _split(layout: Layout) -> _Split:
    prompts, branches = _stretches(layout.prefix_index), _stretches(layout.branch_index)
    runs = groupby(zip(layout.branch_group.tolist(), branches, strict=True), key=itemgetter(0))
    parts = [(prompt, prompt, True) for prompt in prompts] if layout.reads_prompts else []
    for group, run in runs:
        rows = [branch for _, branch in run]
        parts.append((slice(rows[0].start, rows[-1].stop), prompts[group], False))
    first = branches[0].start
    return _Split(first=first, filled=layout.restore[first:] - layout.prefix_index.numel(), parts=tuple(parts))


def _row(states: Tensor, part: slice) -> Tensor:
    """[L, heads, width] to [1, heads, time, width] without a copy."""
    return states[part].transpose(0, 1)[None]


def _by_branch(states: Tensor, layout: Layout) -> Tensor:
    """[L, heads, ...] to [branches, heads, longest, ...]; padded places hold the row's first token."""
    return states[layout.branch_index].transpose(1, 2)


def _in_row(states: Tensor, split: _Split) -> Tensor:
    """[branches, heads, longest, ...] to [branch tokens of the row, heads, ...]."""
    return states.transpose(1, 2).flatten(0, 1).index_select(0, split.filled)


class _Folded(torch.autograd.Function):
    """The two parts and their shares, forward and backward."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch lets a context be given any field
        query: Tensor,
        key: Tensor,
        value: Tensor,
        layout: Layout,
        scaling: float,
    ) -> Tensor:
        out = torch.empty_like(query) if layout.reads_prompts else torch.zeros_like(query)
        if query.is_meta:
            ctx.save_for_backward(query, key, value, out, query.new_empty(query.shape[:2]))
            return out
        split = _split(layout)
        own, own_sums = _forward(*(_by_branch(each, layout) for each in (query, key, value)), 0.0, True, scale=scaling)
        sums = own_sums.new_empty(query.shape[:2])
        out[split.first :], sums[split.first :] = _in_row(own, split), _in_row(own_sums, split)
        for rows, keys, causal in split.parts:
            states = (_row(query, rows), _row(key, keys), _row(value, keys))
            seen, seen_sums = (each[0].transpose(0, 1) for each in _forward(*states, 0.0, causal, scale=scaling))
            if causal:
                out[rows], sums[rows] = seen, seen_sums
            else:
                share = (seen_sums - sums[rows]).sigmoid().to(out.dtype)
                out[rows] = torch.lerp(out[rows], seen, share[..., None])
                sums[rows] = torch.logaddexp(sums[rows], seen_sums)
        ctx.save_for_backward(query, key, value, out, sums)
        ctx.layout, ctx.split, ctx.scaling = layout, split, scaling
        return out

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any,  # noqa: ANN401 - as above
        grad: Tensor,
    ) -> tuple[Tensor | None, ...]:
        query, key, value, out, sums = ctx.saved_tensors
        if query.is_meta:
            return *(torch.empty_like(each) for each in (query, key, value)), None, None
        split, scaling = ctx.split, ctx.scaling
        moved = [torch.zeros_like(each) for each in (query, key, value)]
        own = _own_gradients((grad, query, key, value, out), sums, ctx.layout, split, scaling)
        for whole, part in zip(moved, own, strict=True):
            whole[split.first :] = _in_row(part, split)
        for rows, keys, causal in split.parts:
            states = (_row(grad, rows), _row(query, rows), _row(key, keys), _row(value, keys), _row(out, rows))
            parts = _backward(*states, sums[rows].t()[None], 0.0, causal, scale=scaling)
            for whole, place, part in zip(moved, (rows, keys, keys), parts, strict=True):
                whole[place] += part[0].transpose(0, 1)
        return *moved, None, None


def _own_gradients(
    states: Sequence[Tensor], sums: Tensor, layout: Layout, split: _Split, scaling: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Of query, key and value from each branch over itself; `states` are gradient, query, key, value and output."""
    padded = torch.ones(layout.branch_index.numel(), dtype=torch.bool)
    padded[split.filled] = False
    hidden = padded.view(layout.branch_index.shape)[:, None]
    # The infinite sum of a padded place gives each key a share of zero in it, so nothing comes from there.
    own_sums = _by_branch(sums, layout).masked_fill(hidden, float("inf"))
    return _backward(*(_by_branch(each, layout) for each in states), own_sums, 0.0, True, scale=scaling)

"""Attention over a packed row: prompts are causal, a branch sees its prompt and itself.

Registered with transformers as an attention implementation, so that any net whose text layers call the attention
interface runs packed rows without a change; no attention is ever computed between two branches or two groups.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

from seewhy.model.packed.cpu_kernel import attend_folded, folds
from seewhy.model.packed.flex import attend_flex, flexes
from seewhy.model.packed.layout import Layout
from seewhy.model.packed.precision import HALVES
from seewhy.model.packed.sending import sent, to_device

NAME = "seewhy_branches"
UNKNOWN = ("softcap", "s_aux", "head_mask")
"""What attention of some nets takes besides a mask and a window: capped scores, sinks, heads left out."""


def _rows(states: Tensor, index: Tensor) -> Tensor:
    """[L, heads, width] at [rows, time] gives [rows, heads, time, width]."""
    rows, time = index.shape
    return states.index_select(0, index.flatten()).view(rows, time, *states.shape[1:]).transpose(1, 2)


def _repeated(states: Tensor, groups: int) -> Tensor:
    """Key or value heads repeated for grouped-query attention, on the heads axis 1."""
    return states if groups == 1 else states.repeat_interleave(groups, dim=1)


def prefix_mask(layout: Layout, window: int | None) -> Tensor | None:
    """[G or 1, 1, P, P] which prompt token sees which, where that is not simply every one before it; else None."""
    length = layout.prefix_index.shape[1]
    blocks = None if window is None and layout.is_block_windowed else layout.blocks
    if (window is None or length <= window) and blocks is None:
        return None
    place = torch.arange(length, device=layout.prefix_index.device)
    behind = place[:, None] - place[None]
    seen = ((behind >= 0) if window is None else (behind >= 0) & (behind < window))[None, None]
    if blocks is None:
        return seen
    same = (blocks[:, :, None] == blocks[:, None, :]) & (blocks > 0)[:, :, None]
    if window is not None and layout.is_block_windowed:
        same = same & (behind < window)
    return seen | same[:, None]


def branch_mask(layout: Layout, window: int | None) -> Tensor:
    """[B, 1, R, P + R] which tokens a branch token sees: `visible`, no further back than the window."""
    prompt, own = layout.prefix_index.shape[1], layout.branch_index.shape[1]
    if window is None or prompt + own <= window:
        return layout.visible
    device = layout.branch_start.device
    time = torch.arange(own, device=device)
    start = layout.branch_start[:, None]
    keys = torch.cat([torch.arange(prompt, device=device).expand(len(start), -1), start + time], dim=1)
    behind = (start + time)[:, :, None] - keys[:, None, :]
    return layout.visible & (behind < window)[:, None]


def attend(
    query: Tensor, key: Tensor, value: Tensor, layout: Layout, scaling: float, window: int | None = None
) -> Tensor:
    """Attention of one packed row.

    Args:
        query: [1, heads, L, width]; key and value may have fewer heads, a divisor of it.
        layout: where prompts and branches are.
        scaling: factor of the scores.
        window: of a layer that sees so many tokens, itself counted, and no further back.

    Returns:
        [1, L, heads, width]
    """
    is_shared = query.device.type != "cpu" and query.dtype in HALVES
    padded = partial(attend_padded, layout=layout, scaling=scaling, window=window, is_shared=is_shared)
    if flexes((query, key, value), layout, window, scaling, padded):
        return attend_flex((query, key, value), layout, window, scaling)
    return padded(query, key, value)


def attend_padded(
    query: Tensor, key: Tensor, value: Tensor, layout: Layout, scaling: float, window: int | None, *, is_shared: bool
) -> Tensor:
    """By calls over prompts and over branches, each padded to the longest; on a CPU long prompts are not copied.

    Args:
        is_shared: gives the kernel of prompts fewer key heads than heads (grouped-query attention) as they are, and
            repeats those of branches when they are together, not before. On a GPU only kernels of halves take them.
    """
    shared = query.shape[1] // key.shape[1]
    flat_q, flat_k, flat_v = (states[0].transpose(0, 1) for states in (query, key, value))
    if folds(query, value, layout, window):
        keys, values = _repeated(flat_k, shared), _repeated(flat_v, shared)
        return attend_folded(flat_q, keys, values, layout, scaling)[None]
    heads, width = query.shape[1], value.shape[-1]
    first = 1 if is_shared else shared
    prefix_k, prefix_v = (_repeated(_rows(flat, layout.prefix_index), first) for flat in (flat_k, flat_v))
    outputs = [_over_prompts(flat_q, prefix_k, prefix_v, layout, scaling, window)]
    if layout.branch_index.numel():
        own_k, own_v = (_repeated(_rows(flat, layout.branch_index), first) for flat in (flat_k, flat_v))
        keys = _repeated(torch.cat([prefix_k[layout.branch_group], own_k], dim=2), shared // first)
        values = _repeated(torch.cat([prefix_v[layout.branch_group], own_v], dim=2), shared // first)
        branch_q = _rows(flat_q, layout.branch_index)
        seen = branch_mask(layout, window)
        outputs.append(F.scaled_dot_product_attention(branch_q, keys, values, attn_mask=seen, scale=scaling))
    flat = torch.cat([out.transpose(1, 2).reshape(-1, heads, width) for out in outputs])
    return flat.index_select(0, layout.restore)[None]


def _over_prompts(
    query: Tensor, key: Tensor, value: Tensor, layout: Layout, scaling: float, window: int | None
) -> Tensor:
    """Of each prompt over itself, queries [L, heads, width] of the row; zeros where it is not used.

    Keys and values [G, heads or a divisor of them, P, width] are repeated only where there is a mask: with one, only
    torch's slowest kernel takes fewer key heads.
    """
    if not layout.reads_prompts:
        groups, longest = layout.prefix_index.shape
        return query.new_zeros(groups, query.shape[1], longest, value.shape[-1])
    own, mask = _rows(query, layout.prefix_index), prefix_mask(layout, window)
    shared = own.shape[1] // key.shape[1]
    if mask is not None:
        key, value, shared = _repeated(key, shared), _repeated(value, shared), 1
    return F.scaled_dot_product_attention(
        own, key, value, attn_mask=mask, is_causal=mask is None, scale=scaling, enable_gqa=shared > 1
    )


def _across(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, scaling: float) -> Tensor:
    """Attention to pictures, which are no part of the row: plain, by the net's own mask."""
    shared = query.shape[1] // key.shape[1]
    key, value = _repeated(key, shared), _repeated(value, shared)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scaling).transpose(1, 2)


def branch_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    branch_layout: Layout | None = None,
    decode_step: object | None = None,
    prefilled: dict[int, tuple[Tensor, Tensor]] | None = None,
    sliding_window: int | None = None,
    **others: object,
) -> tuple[Tensor, None]:
    """What transformers calls in every text layer; `branch_layout` or `decode_step` comes through the forward call.

    `prefilled` is given the keys and values of each layer as attention takes them: a cache may hold them compressed.
    """
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if dropout:
        raise ValueError("attention dropout is not supported in packed rows: set attention_dropout to 0")
    for name in UNKNOWN:
        if others.get(name) is not None:
            raise ValueError(f"this net's attention takes {name}, which packed rows do not know")
    if isinstance(decode_step, DecodeAttention):
        layer = int(module.layer_idx)  # pyright: ignore[reportArgumentType]
        decode_step.store(key, value, layer)
        return decode_step.attend(query, scale, layer, sliding_window), None
    if attention_mask is not None:
        return _across(query, key, value, attention_mask, scale), None
    if branch_layout is None:
        raise ValueError("a packed forward needs its layout: this net does not hand it on to its attention")
    if prefilled is not None:
        prefilled[int(module.layer_idx)] = key, value  # pyright: ignore[reportArgumentType]
    return attend(query, key, value, branch_layout, scale, sliding_window), None


class DecodeAttention:
    """Keys and values of prompts (once a question) and of branches (once a chain), and attention over both.

    With G questions, n active chains, P the longest prompt, T the most tokens of a chain:
    prompts are [G, kv heads, P, width], branches [n, kv heads, T, width]; values may have a width of their own.
    """

    def __init__(
        self, prompts: Mapping[int, tuple[Tensor, Tensor]], prompt_filled: Tensor, group: Tensor, most: int
    ) -> None:
        """`prompts` by layer; `prompt_filled` [G, P]; `group` [n] ascending, on the CPU: the question of each."""
        self.prompts = prompts
        self.lengths = prompt_filled.sum(dim=1)
        self.hidden = torch.where(prompt_filled, 0.0, float("-inf"))[:, None, None, :]
        self.time = 0
        """Tokens that each chain has stored."""

        def room(states: Tensor) -> Tensor:
            return states.new_empty(len(group), states.shape[1], most, states.shape[3])

        self.device = prompt_filled.device
        self.keys = {layer: room(keys) for layer, (keys, _) in prompts.items()}
        self.values = {layer: room(values) for layer, (_, values) in prompts.items()}
        self._place(group)

    def _place(self, group: Tensor) -> None:
        """Give each chain a slot among those of its question; `full` where no slot of any question is empty."""
        self._group = group
        counts = torch.bincount(group, minlength=self.hidden.shape[0])
        self.slots = int(counts.max())
        self.full = len(group) == len(counts) * self.slots
        before = counts.cumsum(0) - counts
        place = group * self.slots + torch.arange(len(group)) - before[group]
        self.group, self.place = sent([group, place], self.device)

    def store(self, key: Tensor, value: Tensor, layer: int) -> None:
        """Keep the keys and values [1, kv heads, n, width] of this step's tokens."""
        self.keys[layer][:, :, self.time] = key[0].transpose(0, 1)
        self.values[layer][:, :, self.time] = value[0].transpose(0, 1)

    def keep(self, rows: Tensor) -> None:
        """Drop the chains that are not in `rows`, which are on the CPU."""
        there = to_device(rows, self.device)
        for states in (self.keys, self.values):
            for layer, old in states.items():
                states[layer] = old.new_empty((len(rows), *old.shape[1:]))
                states[layer][:, :, : self.time] = old[:, :, : self.time].index_select(0, there)
        self._place(self._group[rows])

    def _spread(self, chains: Tensor) -> Tensor:
        """[n, kv heads, shared, x] by chain to [G, kv heads, slots * shared, x] by question."""
        _, kv_heads, shared, last = chains.shape
        questions = self.hidden.shape[0]
        slots = chains
        if not self.full:
            slots = chains.new_zeros(questions * self.slots, kv_heads, shared, last).index_copy(0, self.place, chains)
        by_question = slots.view(questions, self.slots, kv_heads, shared, last).transpose(1, 2)
        return by_question.reshape(questions, kv_heads, self.slots * shared, last)

    def _gathered(self, spread: Tensor) -> Tensor:
        """The way back: [G, kv heads, slots * shared, x] to [n, kv heads, shared, x]."""
        questions, kv_heads, rows, last = spread.shape
        shared = rows // self.slots
        slots = spread.view(questions, kv_heads, self.slots, shared, last).transpose(1, 2)
        slots = slots.reshape(questions * self.slots, kv_heads, shared, last)
        return slots if self.full else slots.index_select(0, self.place)

    def attend(self, query: Tensor, scale: float, layer: int, window: int | None = None) -> Tensor:
        """[1, heads, n, width] to [1, n, heads, width], each chain over its prompt and its own tokens so far.

        Prompt and branch get a softmax each, and the two are weighed by their sums of exponents.
        """
        prompt_keys, prompt_values = self.prompts[layer]
        heads, rows, width = query.shape[1:]
        first = 0 if window is None else max(0, self.time + 1 - window)
        flat = (query[0].transpose(0, 1) * scale).view(rows, prompt_keys.shape[1], -1, width)
        on_prompt = (self._spread(flat) @ prompt_keys.transpose(2, 3)).float() + self._unseen(window)
        on_own = (flat @ self.keys[layer][:, :, first : self.time + 1].transpose(2, 3)).float()
        from_prompt = self._gathered(on_prompt.softmax(dim=-1).to(flat.dtype) @ prompt_values)
        from_own = on_own.softmax(dim=-1).to(flat.dtype) @ self.values[layer][:, :, first : self.time + 1]
        prompt_sum = self._gathered(on_prompt.logsumexp(dim=-1, keepdim=True))
        share = (prompt_sum - on_own.logsumexp(dim=-1, keepdim=True)).sigmoid().to(from_own.dtype)
        return torch.lerp(from_own, from_prompt, share).reshape(1, rows, heads, prompt_values.shape[-1])

    def _unseen(self, window: int | None) -> Tensor:
        """[G, 1, 1, P] what is added to the scores of prompt tokens: nothing, or enough to hide them."""
        length = self.hidden.shape[-1]
        if window is None or length + self.time < window:
            return self.hidden
        place = torch.arange(length, device=self.hidden.device)
        is_far = (self.lengths[:, None] + self.time - place >= window)[:, None, None]
        # Not minus infinity, of which a prompt wholly out of sight would be nothing but: its share must come out as 0.
        return self.hidden.masked_fill(is_far, torch.finfo(self.hidden.dtype).min)


AttentionInterface.register(NAME, branch_attention)


@contextmanager
def branching(net: PreTrainedModel) -> Generator[None]:
    """Let the text layers of `net` attend over packed rows while the context lasts."""
    config = net.config.get_text_config()
    # The public setter walks the whole net, 0.3 ms a call on the tiny one, and this is called at each decoding step.
    before = config._attn_implementation  # pyright: ignore[reportPrivateUsage]
    config._attn_implementation = NAME  # pyright: ignore[reportPrivateUsage]
    try:
        yield
    finally:
        config._attn_implementation = before  # pyright: ignore[reportPrivateUsage]

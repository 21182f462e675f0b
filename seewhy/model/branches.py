"""Attention over a packed row: prompts are causal, a branch sees its prompt and itself.

Registered with transformers as an attention implementation, so that any net whose text layers call the attention
interface runs packed rows without a change; no attention is ever computed between two branches or two groups.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

from seewhy.model.group import Layout

NAME = "seewhy_branches"


def _rows(states: Tensor, index: Tensor) -> Tensor:
    """[L, heads, width] at [rows, time] gives [rows, heads, time, width]."""
    rows, time = index.shape
    return states.index_select(0, index.flatten()).view(rows, time, *states.shape[1:]).transpose(1, 2)


def _repeated(states: Tensor, groups: int) -> Tensor:
    """Key or value heads repeated for grouped-query attention, on the heads axis 1."""
    return states if groups == 1 else states.repeat_interleave(groups, dim=1)


def attend(query: Tensor, key: Tensor, value: Tensor, layout: Layout, scaling: float) -> Tensor:
    """Attention of one packed row.

    Args:
        query: [1, heads, L, width]; key and value may have fewer heads, a divisor of it.
        layout: where prompts and branches lie.
        scaling: factor of the scores.

    Returns:
        [1, L, heads, width]
    """
    shared = query.shape[1] // key.shape[1]
    flat_q, flat_k, flat_v = (states[0].transpose(0, 1) for states in (query, key, value))
    prefix_k = _repeated(_rows(flat_k, layout.prefix_index), shared)
    prefix_v = _repeated(_rows(flat_v, layout.prefix_index), shared)
    prefix_q = _rows(flat_q, layout.prefix_index)
    outputs = [F.scaled_dot_product_attention(prefix_q, prefix_k, prefix_v, is_causal=True, scale=scaling)]
    if layout.branch_index.numel():
        own_k = _repeated(_rows(flat_k, layout.branch_index), shared)
        own_v = _repeated(_rows(flat_v, layout.branch_index), shared)
        keys = torch.cat([prefix_k[layout.branch_group], own_k], dim=2)
        values = torch.cat([prefix_v[layout.branch_group], own_v], dim=2)
        branch_q = _rows(flat_q, layout.branch_index)
        outputs.append(
            F.scaled_dot_product_attention(branch_q, keys, values, attn_mask=layout.visible, scale=scaling)
        )
    heads, width = query.shape[1], value.shape[-1]
    flat = torch.cat([out.transpose(1, 2).reshape(-1, heads, width) for out in outputs])
    return flat.index_select(0, layout.restore)[None]


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
    **_: object,
) -> tuple[Tensor, None]:
    """What transformers calls in every text layer; `branch_layout` or `decode_step` comes through the forward call."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if dropout:
        raise ValueError("attention dropout is not supported in packed rows: set attention_dropout to 0")
    if isinstance(decode_step, DecodeAttention):
        return decode_step.attend(query, scale, int(module.layer_idx)), None  # pyright: ignore[reportArgumentType]
    if branch_layout is None:
        raise ValueError("a packed forward needs its layout: this net does not hand it on to its attention")
    return attend(query, key, value, branch_layout, scale), None


class DecodeAttention:
    """Keys and values of prompts (once a question) and of branches (once a chain), and attention over both.

    With G questions, n active chains, P the longest prompt, T the most tokens of a chain:
    prompts are [G, kv heads, P, width], branches [n, kv heads, T, width].
    """

    def __init__(self, prompts: list[tuple[Tensor, Tensor]], prompt_filled: Tensor, group: Tensor, slot: Tensor,
                 most: int) -> None:
        """`prompt_filled` [G, P]; `group` and `slot` [n]: a chain's question and its place among that question's."""
        self.prompts = prompts
        self.hidden = torch.where(prompt_filled, 0.0, float("-inf"))[:, None, None, :]
        self.group, self.slot, self.time = group, slot, 0
        shape = [(len(group), keys.shape[1], most, keys.shape[3]) for keys, _ in prompts]
        self.keys = [keys.new_empty(size) for (keys, _), size in zip(prompts, shape, strict=True)]
        self.values = [keys.new_empty(size) for (keys, _), size in zip(prompts, shape, strict=True)]

    def store(self, key: Tensor, value: Tensor, layer: int) -> None:
        """Keep the keys and values [1, kv heads, n, width] of this step's tokens."""
        self.keys[layer][:, :, self.time] = key[0].transpose(0, 1)
        self.values[layer][:, :, self.time] = value[0].transpose(0, 1)

    def keep(self, rows: Tensor) -> None:
        """Drop the chains that are not in `rows`."""
        self.group, self.slot = self.group[rows], self.slot[rows]
        used = self.time
        for layer, (keys, values) in enumerate(zip(self.keys, self.values, strict=True)):
            kept = keys.new_empty((len(rows), *keys.shape[1:]))
            kept[:, :, :used] = keys[rows, :, :used]
            self.keys[layer] = kept
            kept = values.new_empty((len(rows), *values.shape[1:]))
            kept[:, :, :used] = values[rows, :, :used]
            self.values[layer] = kept

    def attend(self, query: Tensor, scale: float, layer: int) -> Tensor:
        """[1, heads, n, width] to [1, n, heads, width], each chain over its prompt and its own tokens so far."""
        prompt_keys, prompt_values = self.prompts[layer]
        questions, kv_heads, width = prompt_keys.shape[0], prompt_keys.shape[1], query.shape[-1]
        shared = query.shape[1] // kv_heads
        rows = query.shape[2]
        flat = (query[0].transpose(0, 1) * scale).view(rows, kv_heads, shared, width)
        slots = int(self.slot.max()) + 1
        padded = flat.new_zeros(questions, slots, kv_heads, shared, width)
        padded[self.group, self.slot] = flat
        grouped = padded.permute(0, 2, 1, 3, 4).reshape(questions, kv_heads, slots * shared, width)
        on_prompt = grouped @ prompt_keys.transpose(2, 3) + self.hidden
        length = on_prompt.shape[-1]
        on_prompt = on_prompt.view(questions, kv_heads, slots, shared, length).transpose(1, 2)
        on_own = flat @ self.keys[layer][:, :, : self.time + 1].transpose(2, 3)
        weights = torch.cat([on_prompt[self.group, self.slot], on_own], dim=-1).softmax(dim=-1)
        padded_weights = weights.new_zeros(questions, slots, kv_heads, shared, length)
        padded_weights[self.group, self.slot] = weights[..., :length]
        spread = padded_weights.transpose(1, 2).reshape(questions, kv_heads, slots * shared, length)
        from_prompt = (spread @ prompt_values).view(questions, kv_heads, slots, shared, width).transpose(1, 2)
        from_own = weights[..., length:] @ self.values[layer][:, :, : self.time + 1]
        return (from_prompt[self.group, self.slot] + from_own).reshape(1, rows, kv_heads * shared, width)


AttentionInterface.register(NAME, branch_attention)


@contextmanager
def branching(net: PreTrainedModel) -> Iterator[None]:
    """Let the text layers of `net` attend over packed rows while the context lasts."""
    config = net.config.get_text_config()
    before = config._attn_implementation
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = before

"""How chains move on by a token: all questions' branches in one batch, or one question's chains as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from seewhy.model.packed.continued import copy_rows, prefill
from seewhy.model.packed.group import (
    CROSSING,
    Prompt,
    blocks_of,
    joined_pictures,
    joined_positions,
    position_ids,
)
from seewhy.model.packed.head import head_of
from seewhy.model.packed.last_layer import packing
from seewhy.model.packed.layout import layout_of
from seewhy.model.packed.sending import to_device
from seewhy.model.packed.shared_prefix import DecodeAttention, branching


@runtime_checkable
class Steps(Protocol):
    """Chains in one batch, each at the same count of tokens."""

    def logits(self, token: Tensor) -> Tensor:
        """[n, vocabulary] float32 logits of what follows `token` [n], the newest of each chain."""
        ...

    def keep(self, rows: Tensor) -> None:
        """Drop the chains that are not in `rows`, which are on the CPU."""
        ...


class _Recorder(Cache):
    """Takes the keys and values of a prefill as they are."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.taken: dict[int, tuple[Tensor, Tensor]] = {}

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        self.taken[layer_idx] = (key_states, value_states)
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return 0


class _BranchCache(Cache):
    """Keeps nothing: the decode attention takes each step's keys and values where it is called."""

    def __init__(self) -> None:
        super().__init__(layers=[])

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return 0


def _by_prompt(states: Tensor, index: Tensor) -> Tensor:
    """[1, kv heads, L, width] at [G, P] gives [G, kv heads, P, width]."""
    return states[0][:, index].transpose(0, 1).contiguous()


def _prefill(net: PreTrainedModel, prompts: Sequence[Prompt]) -> tuple[dict[int, tuple[Tensor, Tensor]], Tensor]:
    """Keys and values by layer as [G, kv heads, P, width] without the prompts' last tokens, and [G, P] filled."""
    lengths = [len(prompt.ids) - 1 for prompt in prompts]
    is_windowed = any(prompt.is_block_windowed for prompt in prompts)
    ids = torch.tensor([[token for prompt in prompts for token in prompt.ids[:-1]]])
    places = position_ids(torch.cat(joined_positions(prompts, -1), dim=1))
    filled = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    layout, there = layout_of(lengths, [], [], blocks_of(prompts), is_windowed).sent(net.device, [ids, places])
    recorder = _Recorder()
    with packing(net, layout):
        net.model(  # pyright: ignore[reportCallIssue]
            input_ids=there[0],
            position_ids=there[1],
            past_key_values=recorder,
            use_cache=True,
            branch_layout=layout,
            prefilled=(taken := dict[int, tuple[Tensor, Tensor]]()),
            **joined_pictures(prompts, net.device),
        )
    keys_values = {
        layer: (_by_prompt(keys, layout.prefix_index), _by_prompt(values, layout.prefix_index))
        for layer, (keys, values) in (recorder.taken | taken).items()
    }
    return keys_values, to_device(filled, net.device)


@dataclass(frozen=True, slots=True)
class BranchSteps:
    """All chains of all questions in one row; a prompt's keys and values are kept once and never copied."""

    net: PreTrainedModel
    attention: DecodeAttention
    start: Tensor
    """[axes, G] position of the first step of each question's chains."""

    @classmethod
    def begin(cls, net: PreTrainedModel, prompts: Sequence[Prompt], counts: Sequence[int], most: int) -> "BranchSteps":
        """Run every prompt once; then `counts` chains of each, of at most `most` tokens."""
        numbers = torch.tensor([number for number, count in enumerate(counts) for _ in range(count)])
        ends = torch.stack([places[:, -1] for places in joined_positions(prompts)], dim=1)
        return cls(net, DecodeAttention(*_prefill(net, prompts), numbers, most), to_device(ends, net.device))

    def logits(self, token: Tensor) -> Tensor:
        """As the protocol says."""
        with branching(self.net):
            hidden = self.net.model(  # pyright: ignore[reportCallIssue]
                input_ids=token[None],
                position_ids=position_ids(self.start[:, self.attention.group] + self.attention.time),
                past_key_values=_BranchCache(),
                use_cache=True,
                decode_step=self.attention,
            ).last_hidden_state[0]
        self.attention.time += 1
        return head_of(self.net)(hidden).float()

    def keep(self, rows: Tensor) -> None:
        """As the protocol says."""
        self.attention.keep(rows)


@dataclass(slots=True)
class RowSteps:
    """Chains of one question as rows of the net's own cache: for nets on which branches are wrong."""

    net: PreTrainedModel
    cache: Cache
    opening: Tensor | None
    """[n, width] hidden states of the prompt's last token, until they are asked for."""
    newest: Tensor | None
    """[axes, 1, 1] position of the newest token of every chain, where the net counts on several axes."""
    cross_attention_mask: Tensor | None
    """[1, 1, pictures, tiles] where every new token looks, in nets that see by cross-attention."""

    @classmethod
    def begin(cls, net: PreTrainedModel, prompt: Prompt, count: int) -> "RowSteps":
        """Run the whole prompt once and copy it to `count` rows."""
        first = prefill(net, prompt)
        steps = cls(
            net=net, cache=first.cache, opening=first.hidden, newest=first.newest,
            cross_attention_mask=first.cross_attention_mask,
        )  # fmt: skip
        steps.keep(torch.zeros(count, dtype=torch.long))
        return steps

    def logits(self, token: Tensor) -> Tensor:
        """As the protocol says; what follows the prompt's last token is known from its own run."""
        if self.opening is not None:
            hidden, self.opening = self.opening, None
            return head_of(self.net)(hidden).float()
        hidden = self.net.model(  # pyright: ignore[reportCallIssue]
            input_ids=token[:, None], past_key_values=self.cache, use_cache=True, **self._more(len(token))
        ).last_hidden_state[:, 0]
        return head_of(self.net)(hidden).float()

    def _more(self, rows: int) -> dict[str, Tensor]:
        """What nets of several axes, and those with cross-attention, need of each row's new token."""
        more: dict[str, Tensor] = {}
        if self.newest is not None:
            self.newest = self.newest + 1
            more["position_ids"] = self.newest.expand(-1, rows, 1)
        if self.cross_attention_mask is not None:
            more[CROSSING] = self.cross_attention_mask.expand(rows, -1, -1, -1)
        return more

    def keep(self, rows: Tensor) -> None:
        """A row may be in `rows` more than once."""
        there = to_device(rows, self.net.device)
        if self.opening is not None:
            self.opening = self.opening[there]
        copy_rows(self.cache, there)

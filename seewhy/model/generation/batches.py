"""Which chains are drawn together: as many as the memory holds that is free. Chains are the same however they are cut.

What drawing holds is estimated from the net's sizes; where a device runs out of memory all the same, half as many are
drawn at once.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import PreTrainedModel

from seewhy.model.api import GenerateRequest
from seewhy.model.free_memory import available_bytes
from seewhy.model.generation.decode import Drawn
from seewhy.model.packed.group import Prompt

LOG = logging.getLogger(__name__)

GPU_SHARE = 0.7
"""Of the memory that is free on a GPU: the rest is for what is not counted, such as the vision encoder's pass."""
CPU_SHARE = 0.5
"""Of the memory that is free, for all of as many processes as there are cores."""
LOGIT_BYTES = 72
"""Of a word of the vocabulary for each chain: its logit as the head gives it and in float32, masked and divided; in
float64 for the softmax and its sum; sorted with their order where top-p is asked for."""
SCORE_BYTES = 12
"""Of a key that a chain looks at, for each head: its score, the softmax, and that in the net's precision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawCost:
    """Bytes that drawing holds."""

    prompt_token: int
    """Keys and values of all layers, and what one layer computes of it."""
    chain_token: int
    """Keys and values of all layers."""
    seen_token: int
    """Scores of one layer, for each token that a chain can see."""
    chain: int
    """Logits of one step."""

    @classmethod
    def of(cls, net: PreTrainedModel) -> "DrawCost":
        """By the net's configuration; layers that keep a state, or less than all keys, are counted as if they kept all.

        Example of the terms: 28 layers with 4 key heads of 128 in bfloat16 keep 28 * 4 * 2 * 128 * 2 = 57,344 bytes
        a token.
        """
        config = net.config.get_text_config().to_dict()
        heads, width = _size(config, "num_attention_heads"), _size(config, "hidden_size")
        layers, kept = _size(config, "num_hidden_layers"), _kept(config, heads, width)
        element = net.dtype.itemsize
        one_layer = (4 * width + 3 * _size(config, "intermediate_size", 4 * width)) * element
        keys = layers * kept * element
        return cls(
            prompt_token=keys + one_layer, chain_token=keys, seen_token=heads * SCORE_BYTES,
            chain=_size(config, "vocab_size") * LOGIT_BYTES + one_layer,
        )  # fmt: skip

    def of_batch(self, prompts: int, longest: int, chains: int, tokens: int, *, is_copied: bool) -> int:
        """Bytes of so many prompts, padded to the longest, and of so many chains of at most `tokens` tokens.

        `is_copied` where each chain has its prompt's keys and values again.
        """
        each = self.chain + (longest + tokens) * self.seen_token + tokens * self.chain_token
        return prompts * longest * self.prompt_token + chains * (each + is_copied * longest * self.chain_token)


def _size(config: Mapping[str, Any], name: str, other: int = 1) -> int:
    """A size of a configuration; of those that differ by layer the largest."""
    value = config.get(name)
    if isinstance(value, list | tuple):
        return max((int(one) for one in value), default=other)
    return other if value is None else int(value)


def _kept(config: Mapping[str, Any], heads: int, width: int) -> int:
    """Numbers that a layer keeps of a token: keys and values of all key heads, uncompressed."""
    latent = _size(config, "qk_nope_head_dim", 0) + _size(config, "qk_rope_head_dim", 0)
    if latent:
        return heads * (latent + _size(config, "v_head_dim", latent))
    return 2 * _size(config, "num_key_value_heads", heads) * _size(config, "head_dim", -(-width // heads))


def free_bytes(device: torch.device) -> int:
    """What drawing may take on a device: a share of what is free there, rounded down to a power of two.

    Rounded, so that a run that is begun again cuts the same batches although a little more or less is free.
    """
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        free = GPU_SHARE * (torch.cuda.mem_get_info(device)[0] + unused)
    else:
        free = CPU_SHARE * available_bytes() / (os.cpu_count() or 1)
    return 1 << max(0, int(free).bit_length() - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    """What bounds a batch."""

    cost: DrawCost
    free: int
    """Bytes."""
    max_tokens: int
    """Tokens of prompts and chains together; 0 where memory alone is the bound, as on a GPU."""
    reply: int
    """Tokens of a chain, at most."""
    is_copied: bool = False
    """As of `DrawCost.of_batch`."""

    @classmethod
    def of(cls, net: PreTrainedModel, reply: int, cpu_tokens: int, free: int, *, is_copied: bool) -> "Batches":
        """For chains of at most `reply` tokens; `free` 0 asks the net's device; `cpu_tokens` is the bound on a CPU."""
        is_gpu = net.device.type == "cuda"
        return cls(
            cost=DrawCost.of(net), free=free or free_bytes(net.device), max_tokens=0 if is_gpu else cpu_tokens,
            reply=reply, is_copied=is_copied,
        )  # fmt: skip

    def draw(
        self, prompts: Sequence[Prompt], asks: Sequence[GenerateRequest],
        draw: Callable[[Sequence[Prompt], Sequence[GenerateRequest]], list[list[Drawn]]],
    ) -> list[list[Drawn]]:  # fmt: skip
        """The chains of each ask, `draw` called for batch after batch.

        Raises:
            torch.OutOfMemoryError: not even one chain fits.
        """
        drawn: list[list[Drawn]] = [[] for _ in asks]
        waiting = list(enumerate(asks))
        bounds = self
        while waiting:
            batch, later = bounds.take(prompts, waiting)
            places, chosen = [place for place, _ in batch], [ask for _, ask in batch]
            try:
                found = draw([prompts[place] for place in places], chosen)
            except torch.OutOfMemoryError:
                chains = sum(ask.count for ask in chosen)
                if chains < 2:
                    raise
                LOG.warning("%d chains at once are too many for the memory; drawing half as many", chains)
                bounds = replace(bounds, free=bounds.bytes_of(prompts, batch) // 2)
                continue
            waiting = later
            for place, rows in zip(places, found, strict=True):
                drawn[place].extend(rows)
        return drawn

    def bytes_of(self, prompts: Sequence[Prompt], batch: Sequence[tuple[int, GenerateRequest]]) -> int:
        """Of a batch."""
        longest = max(len(prompts[place].ids) for place, _ in batch)
        return self._bytes(len(batch), longest, sum(ask.count for _, ask in batch))

    def _bytes(self, prompts: int, longest: int, chains: int) -> int:
        return self.cost.of_batch(prompts, longest, chains, self.reply, is_copied=self.is_copied)

    def take(
        self, prompts: Sequence[Prompt], waiting: Sequence[tuple[int, GenerateRequest]]
    ) -> tuple[list[tuple[int, GenerateRequest]], list[tuple[int, GenerateRequest]]]:
        """The next batch of asks, each with its place, and what is left; at least one chain.

        An ask whose chains alone are above the memory is cut after some of them; one that alone is above the tokens is
        not, for that bound is about time.
        """
        count = longest = chains = tokens = 0
        for place, ask in waiting:
            length = len(prompts[place].ids)
            longest, chains, tokens = max(longest, length), chains + ask.count, tokens + length + ask.count * self.reply
            is_above = 0 < self.max_tokens < tokens or self._bytes(count + 1, longest, chains) > self.free
            if count and is_above:
                break
            count += 1
        if count == 1:
            place, ask = waiting[0]
            fits = self._chains_within(prompts, place, ask)
            if fits < ask.count:
                rest = replace(ask, first=ask.first + fits, count=ask.count - fits)
                return [(place, replace(ask, count=fits))], [(place, rest), *waiting[1:]]
        return list(waiting[:count]), list(waiting[count:])

    def _chains_within(self, prompts: Sequence[Prompt], place: int, ask: GenerateRequest) -> int:
        """How many chains of an ask fit; at least one."""
        one, two = (self._bytes(1, len(prompts[place].ids), count) for count in (1, 2))
        return max(1, min(ask.count, 1 + (self.free - one) // (two - one)))

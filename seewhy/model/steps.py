"""How chains move on by a token: all questions' branches beside each other, or one question's chains as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from seewhy.model.branches import DecodeAttention, branching
from seewhy.model.group import Prompt, joined_marks, joined_pictures, layout_of
from seewhy.model.scores import head_of


@runtime_checkable
class Steps(Protocol):
    """Chains in one batch, each at the same count of tokens."""

    def logits(self, token: Tensor) -> Tensor:
        """[n, vocabulary] float32 logits of what follows `token` [n], the newest of each chain."""
        ...

    def keep(self, rows: Tensor) -> None:
        """Drop the chains that are not in `rows`."""
        ...


class _Recorder(Cache):
    """Takes the keys and values of a prefill as they are."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.taken: list[tuple[Tensor, Tensor]] = []

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        self.taken.append((key_states, value_states))
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return 0


class _BranchCache(Cache):
    """Hands each step's keys and values to the decode attention."""

    def __init__(self, attention: DecodeAttention) -> None:
        super().__init__(layers=[])
        self.attention = attention

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: object, **__: object
    ) -> tuple[Tensor, Tensor]:
        self.attention.store(key_states, value_states, layer_idx)
        return key_states, value_states

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return 0


def _by_prompt(states: Tensor, index: Tensor) -> Tensor:
    """[1, kv heads, L, width] at [G, P] gives [G, kv heads, P, width]."""
    return states[0][:, index].transpose(0, 1).contiguous()


def _prefill(net: PreTrainedModel, prompts: Sequence[Prompt]) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
    """Keys and values of each layer as [G, kv heads, P, width] without the prompts' last tokens, and [G, P] filled."""
    lengths = [len(prompt.ids) - 1 for prompt in prompts]
    layout = layout_of(lengths, [], [], net.device)
    recorder = _Recorder()
    with branching(net):
        net.model(  # pyright: ignore[reportCallIssue]
            input_ids=torch.tensor([[token for prompt in prompts for token in prompt.ids[:-1]]], device=net.device),
            position_ids=torch.tensor([[place for length in lengths for place in range(length)]], device=net.device),
            past_key_values=recorder,
            use_cache=True,
            branch_layout=layout,
            **joined_pictures(prompts, net.device),
        )
    filled = torch.arange(max(lengths), device=net.device) < torch.tensor(lengths, device=net.device)[:, None]
    keys_values = [
        (_by_prompt(keys, layout.prefix_index), _by_prompt(values, layout.prefix_index))
        for keys, values in recorder.taken
    ]
    return keys_values, filled


@dataclass(frozen=True, slots=True)
class BranchSteps:
    """All chains of all questions in one row; a prompt's keys and values are kept once and never copied."""

    net: PreTrainedModel
    attention: DecodeAttention
    start: Tensor
    """[G] position of the first step of each question's chains."""

    @classmethod
    def begin(cls, net: PreTrainedModel, prompts: Sequence[Prompt], counts: Sequence[int], most: int) -> "BranchSteps":
        """Run every prompt once; then `counts` chains of each, of at most `most` tokens."""
        group = torch.tensor([number for number, count in enumerate(counts) for _ in range(count)], device=net.device)
        attention = DecodeAttention(*_prefill(net, prompts), group, most)
        start = torch.tensor([len(prompt.ids) - 1 for prompt in prompts], device=net.device)
        return cls(net, attention, start)

    def logits(self, token: Tensor) -> Tensor:
        """As the protocol says."""
        with branching(self.net):
            hidden = self.net.model(  # pyright: ignore[reportCallIssue]
                input_ids=token[None],
                position_ids=(self.start[self.attention.group] + self.attention.time)[None],
                past_key_values=_BranchCache(self.attention),
                use_cache=True,
                decode_step=self.attention,
            ).last_hidden_state[0]
        self.attention.time += 1
        return head_of(self.net)(hidden).float()

    def keep(self, rows: Tensor) -> None:
        """As the protocol says."""
        self.attention.keep(rows)


@dataclass(frozen=True, slots=True)
class RowSteps:
    """Chains of one question as rows of the net's own cache: for nets on which branches are wrong."""

    net: PreTrainedModel
    cache: Cache
    opening: list[Tensor]
    """[n, width] hidden states of the prompt's last token, until they are asked for."""

    @classmethod
    def begin(cls, net: PreTrainedModel, prompt: Prompt, count: int) -> "RowSteps":
        """Run the whole prompt once, for its tokens may see each other both ways, and copy it to `count` rows."""
        run = net.model(  # pyright: ignore[reportCallIssue]
            input_ids=torch.tensor([prompt.ids], device=net.device),
            use_cache=True,
            **joined_pictures([prompt], net.device),
            **joined_marks([(prompt, len(prompt.ids))], net.device),
        )
        run.past_key_values.batch_repeat_interleave(count)
        return cls(net, run.past_key_values, [run.last_hidden_state[0, -1:].expand(count, -1)])

    def logits(self, token: Tensor) -> Tensor:
        """As the protocol says; what follows the prompt's last token is known from its own run."""
        if self.opening:
            return head_of(self.net)(self.opening.pop()).float()
        hidden = self.net.model(  # pyright: ignore[reportCallIssue]
            input_ids=token[:, None], past_key_values=self.cache, use_cache=True
        ).last_hidden_state[:, 0]
        return head_of(self.net)(hidden).float()

    def keep(self, rows: Tensor) -> None:
        """As the protocol says."""
        self.opening[:] = [states[rows] for states in self.opening]
        self.cache.batch_select_indices(rows)

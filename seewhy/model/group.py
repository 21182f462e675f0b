"""A question group: one prompt and its responses, packed beside each other in one row.

The row of several groups holds every prompt once and every response once:

    [ prompt 1 without its last token | prompt 2 ... | last 1, r11 | last 1, r12 | ... | last 2, r21 | ... ]

Each branch starts with a copy of its prompt's last token and leaves out the response's last token, so that the
hidden state at branch position t predicts response token t: one alignment for every branch. Positions restart at the
prompt's end in each branch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """An encoded prompt: token ids with their picture placeholders, and what the processor made of the pictures."""

    ids: tuple[int, ...]
    pictures: Mapping[str, Tensor]
    """Tensors by the name of the net's argument, such as pixel_values; the first axis is the picture's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A prompt and the token ids of its responses; no response is empty."""

    prompt: Prompt
    responses: tuple[tuple[int, ...], ...]


def tokens_of(group: Group) -> int:
    """Tokens that the packed row of this group runs through the language model."""
    return len(group.prompt.ids) - 1 + sum(len(response) for response in group.responses)


def separate_tokens_of(group: Group) -> int:
    """Tokens that separate rows of this group run through the language model, without padding."""
    return sum(len(group.prompt.ids) - 1 + len(response) for response in group.responses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the tokens of a packed row lie, for attention that never looks across branches.

    With G groups, P the longest prompt less one, B branches, R the longest branch and L tokens in the row:
    """

    prefix_index: Tensor
    """[G, P] place in the row of each prompt token; 0 where padded."""
    branch_index: Tensor
    """[B, R] place in the row of each branch token; 0 where padded."""
    branch_group: Tensor
    """[B] the group of each branch."""
    visible: Tensor
    """[B, 1, R, P + R] True where a branch token sees a prompt token or an earlier token of its branch."""
    restore: Tensor
    """[L] place of each token of the row in the padded prompts followed by the padded branches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """The tensors of one packed row."""

    ids: Tensor
    """[1, L]"""
    positions: Tensor
    """[1, L]"""
    prefix_length: int
    """Tokens of all prompts, which stand first; the rest are branch tokens."""
    targets: Tensor
    """[L - prefix_length] the token that each branch position predicts."""
    lengths: tuple[int, ...]
    """Length of each branch, in order of groups and responses."""
    layout: Layout
    pictures: Mapping[str, Tensor]


def _padded(starts: Sequence[int], lengths: Sequence[int], width: int) -> tuple[Tensor, Tensor]:
    """[rows, width] index of each place, and whether it is filled."""
    offsets = torch.arange(width)[None]
    filled = offsets < torch.tensor(lengths, dtype=torch.long)[:, None]
    index = torch.tensor(starts, dtype=torch.long)[:, None] + offsets
    return index.masked_fill(~filled, 0), filled


def layout_of(prefix_lengths: Sequence[int], branch_lengths: Sequence[int], branch_group: Sequence[int]) -> Layout:
    """Layout of a row that holds the given prompts and then the given branches."""
    prefix_total = sum(prefix_lengths)
    prefix_starts = [0, *accumulate(prefix_lengths)][:-1]
    branch_starts = [prefix_total + start for start in [0, *accumulate(branch_lengths)][:-1]]
    width, height = max(prefix_lengths), max(branch_lengths, default=0)
    prefix_index, prefix_filled = _padded(prefix_starts, prefix_lengths, width)
    branch_index, branch_filled = _padded(branch_starts, branch_lengths, height)
    group = torch.tensor(branch_group, dtype=torch.long)
    causal = torch.ones(height, height, dtype=torch.bool).tril()
    sees_prompt = prefix_filled[group][:, None, None, :].expand(-1, 1, height, -1)
    sees_branch = causal[None, None].expand(len(branch_lengths), 1, -1, -1)
    restore = torch.cat([prefix_filled.flatten(), branch_filled.flatten()]).nonzero().squeeze(1)
    visible = torch.cat([sees_prompt, sees_branch], dim=-1)
    return Layout(
        prefix_index=prefix_index, branch_index=branch_index, branch_group=group, visible=visible, restore=restore
    )


def joined_pictures(prompts: Sequence[Prompt]) -> dict[str, Tensor]:
    """Picture tensors of all prompts in order, joined along the first axis."""
    names = {name: None for prompt in prompts for name in prompt.pictures}
    return {name: torch.cat([p.pictures[name] for p in prompts if name in p.pictures]) for name in names}


def pack(groups: Sequence[Group]) -> Packed:
    """One row of all groups; every prompt must have at least two tokens and every response one."""
    prefixes = [group.prompt.ids[:-1] for group in groups]
    branches = [
        (group.prompt.ids[-1], *response[:-1]) for group in groups for response in group.responses
    ]
    group_of = [number for number, group in enumerate(groups) for _ in group.responses]
    if min(map(len, prefixes)) == 0 or any(not response for group in groups for response in group.responses):
        raise ValueError("a group needs a prompt of two tokens or more and responses that are not empty")
    prefix_lengths = [len(prefix) for prefix in prefixes]
    positions = [torch.arange(length) for length in prefix_lengths]
    positions += [torch.arange(len(branch)) + prefix_lengths[g] for branch, g in zip(branches, group_of, strict=True)]
    return Packed(
        ids=torch.tensor([[token for part in [*prefixes, *branches] for token in part]]),
        positions=torch.cat(positions)[None],
        prefix_length=sum(prefix_lengths),
        targets=torch.tensor([t for group in groups for response in group.responses for t in response]),
        lengths=tuple(len(branch) for branch in branches),
        layout=layout_of(prefix_lengths, [len(branch) for branch in branches], group_of),
        pictures=joined_pictures([group.prompt for group in groups]),
    )

"""Where the tokens of a packed row are."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask

from seewhy.model.packed.sending import sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the tokens of a packed row are, for attention that never looks across branches.

    With G groups, P the longest prompt less one, B branches, R the longest branch and L tokens in the row:
    """

    prefix_index: Tensor
    """[G, P] place in the row of each prompt token; 0 where padded."""
    branch_index: Tensor
    """[B, R] place in the row of each branch token; 0 where padded."""
    branch_group: Tensor
    """[B] the group of each branch."""
    restore: Tensor
    """[L] place of each token of the row in the padded prompts followed by the padded branches."""
    branch_start: Tensor
    """[B] tokens of its prompt before a branch."""
    blocks: Tensor | None = None
    """[G, P] `Prompt.blocks`, 0 where padded; None where no prompt has any."""
    is_block_windowed: bool = False
    """`Prompt.is_block_windowed` of any prompt."""
    unread: int = 0
    """Tokens of all prompts, which come first in the row; their last hidden states are not used."""
    reads_prompts: bool = True
    """False in the last layer where those are `unread`: what attention gives for prompt tokens is of no use."""
    masks: dict[int | None, BlockMask] = field(default_factory=dict[int | None, BlockMask], compare=False)
    """FlexAttention's mask for each window, made when it is first asked for: every layer asks again."""
    seen: list[Tensor] = field(default_factory=list[Tensor], compare=False)
    """`visible`, once it was asked for."""

    @property
    def visible(self) -> Tensor:
        """[B, 1, R, P + R] True where a branch token sees a prompt token or an earlier token of its branch.

        Made when it is first asked for: FlexAttention and the CPU's own kernel do without.
        """
        if not self.seen:
            longest, (branches, height) = self.prefix_index.shape[1], self.branch_index.shape
            device = self.branch_start.device
            of_prompt = torch.arange(longest, device=device) < self.branch_start[:, None]
            causal = torch.ones(height, height, dtype=torch.bool, device=device).tril()
            rows = of_prompt[:, None, None, :].expand(-1, 1, height, -1)
            self.seen.append(torch.cat([rows, causal[None, None].expand(branches, 1, -1, -1)], dim=-1))
        return self.seen[0]

    def sent(self, device: torch.device, others: Sequence[Tensor] = ()) -> tuple["Layout", list[Tensor]]:
        """The layout on a device, and `others`, of token ids, positions and the like, by the same copy."""
        own = [self.prefix_index, self.branch_index, self.branch_group, self.restore, self.branch_start]
        blocks = [] if self.blocks is None else [self.blocks]
        there = sent([*own, *blocks, *others], device)
        layout = replace(
            self, prefix_index=there[0], branch_index=there[1], branch_group=there[2], restore=there[3],
            branch_start=there[4], blocks=there[5] if blocks else None,
        )  # fmt: skip
        return layout, there[len(own) + len(blocks) :]


def _padded(starts: Sequence[int], lengths: Sequence[int], width: int) -> tuple[Tensor, Tensor]:
    """[rows, width] index of each place, and whether it is filled."""
    offsets = torch.arange(width)[None]
    filled = offsets < torch.tensor(lengths, dtype=torch.long)[:, None]
    index = torch.tensor(starts, dtype=torch.long)[:, None] + offsets
    return index.masked_fill(~filled, 0), filled


def layout_of(
    prefix_lengths: Sequence[int],
    branch_lengths: Sequence[int],
    branch_group: Sequence[int],
    blocks: Sequence[Sequence[int]] = (),
    is_block_windowed: bool = False,
) -> Layout:
    """Layout, on the CPU, of a row of the given prompts and then branches; `blocks` of each prompt's tokens."""
    prefix_total = sum(prefix_lengths)
    prefix_starts = [0, *accumulate(prefix_lengths)][:-1]
    branch_starts = [prefix_total + start for start in [0, *accumulate(branch_lengths)][:-1]]
    width, height = max(prefix_lengths), max(branch_lengths, default=0)
    prefix_index, prefix_filled = _padded(prefix_starts, prefix_lengths, width)
    branch_index, branch_filled = _padded(branch_starts, branch_lengths, height)
    group = torch.tensor(branch_group, dtype=torch.long)
    numbers = [[*row[:length], *[0] * (width - length)] for row, length in zip(blocks, prefix_lengths, strict=False)]
    return Layout(
        prefix_index=prefix_index,
        branch_index=branch_index,
        branch_group=group,
        restore=torch.cat([prefix_filled.flatten(), branch_filled.flatten()]).nonzero().squeeze(1),
        branch_start=torch.tensor(prefix_lengths)[group],
        blocks=torch.tensor(numbers) if numbers else None,
        is_block_windowed=is_block_windowed,
        unread=prefix_total,
    )

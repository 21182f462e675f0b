"""A question group: one prompt and its responses, packed in one row.

The row of several groups holds every prompt once and every response once:

    [ prompt 1 without its last token | prompt 2 ... | last 1, r11 | last 1, r12 | ... | last 2, r21 | ... ]

Each branch starts with a copy of its prompt's last token and leaves out the response's last token, so that the
hidden state at branch position t predicts response token t: one alignment for every branch. Positions restart at the
prompt's end in each branch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutputWithPooling

from seewhy.model.packed.layout import Layout, layout_of
from seewhy.model.packed.sending import to_device

CPU = torch.device("cpu")
CROSSING = "cross_attention_mask"
"""The net's argument that `Prompt.cross_attention_mask` is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """An encoded prompt: token ids with their picture placeholders, and what the processor made of the pictures."""

    ids: tuple[int, ...]
    pictures: Mapping[str, Tensor]
    """Tensors by the name of the net's argument, such as pixel_values; the first axis is the picture's."""
    features: tuple[Tensor, ...] = ()
    """[tokens, width] of each picture where the vision tower has already run (`towers.see`), else empty.

    Of a net that gives one tensor for all its pictures, that alone: [pictures or tiles, tokens, width].
    """
    token_type_ids: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """What the processor says of each token, such as token_type_ids, by the name of the net's argument."""
    response_mark: int = 0
    """Extra inputs of each response token, under the same names."""
    positions: Tensor | None = None
    """[axes, tokens] where the net counts on several axes (M-RoPE: Qwen2-VL, arXiv 2409.12191); else 0, 1, 2..."""
    blocks: tuple[int, ...] = ()
    """Of each token, the number of the picture block in which all see each other both ways, 0 of none; or empty."""
    is_block_windowed: bool = False
    """Whether blocks are seen both ways in layers with a window alone, and within it (Gemma 4); else everywhere."""
    cross_attention_mask: Tensor | None = None
    """[tokens, pictures, tiles] 1 where a token looks at a tile, of nets that see by cross-attention (Mllama).

    Response tokens look where the prompt's last token does. Such a prompt never shares its row with another one, for a
    token that may look at no tile looks at all of them.
    """

    def placed(self, axes: int) -> Tensor:
        """[axes, tokens] position of each token; text is at the same place on every axis."""
        if self.positions is not None:
            return self.positions
        return torch.arange(len(self.ids)).expand(axes, -1)


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
class Packed:
    """The tensors of one packed row."""

    ids: Tensor
    """[1, L]"""
    positions: Tensor
    """[1, L], or [axes, 1, L] where the net counts in more than one."""
    prefix_length: int
    """Tokens of all prompts, which come first; the rest are branch tokens."""
    targets: Tensor
    """[L - prefix_length] the token that each branch position predicts."""
    lengths: tuple[int, ...]
    """Length of each branch, in order of groups and responses."""
    layout: Layout
    pictures: Mapping[str, Any]
    """Arguments of the net's forward call, as `joined_pictures` makes them."""


def blocks_of(prompts: Sequence[Prompt]) -> list[Sequence[int]]:
    """The blocks of each prompt's tokens, none at all where no prompt has any."""
    if not any(prompt.blocks for prompt in prompts):
        return []
    return [prompt.blocks or (0,) * len(prompt.ids) for prompt in prompts]


def joined_pictures(prompts: Sequence[Prompt], device: torch.device = CPU) -> dict[str, Any]:
    """What the net takes of all pictures in order: their tensors joined along the first axis, or their features."""
    with_pictures = [prompt for prompt in prompts if prompt.pictures]
    if with_pictures and all(prompt.features for prompt in with_pictures):
        features = tuple(to_device(each, device) for prompt in with_pictures for each in prompt.features)
        # Of nets that give one tensor, the tensors of all prompts make one. Else a tuple where the annotation says a
        # tensor: what get_image_features of transformers itself puts there.
        outputs = BaseModelOutputWithPooling(
            pooler_output=features if features[0].dim() == 2 else torch.cat(features)  # pyright: ignore[reportArgumentType]
        )
        return {"mm_encoder_outputs": {"image": outputs}}
    names = {name: None for prompt in prompts for name in prompt.pictures}
    return {
        name: to_device(_joined([prompt.pictures[name] for prompt in prompts if name in prompt.pictures]), device)
        for name in names
    }


def _joined(tensors: Sequence[Tensor]) -> Tensor:
    """Along the first axis; on the others the smaller are filled up with 0, as processors fill up tiles and pixels."""
    most = [max(sizes) for sizes in zip(*(tensor.shape[1:] for tensor in tensors), strict=True)]
    filled = [
        F.pad(tensor, [n for size, wide in zip(reversed(tensor.shape[1:]), reversed(most), strict=True)
                       for n in (0, wide - size)])
        for tensor in tensors
    ]  # fmt: skip
    return torch.cat(filled)


def joined_positions(prompts: Sequence[Prompt], stop: int | None = None) -> list[Tensor]:
    """[axes, tokens] positions of each prompt's tokens up to `stop`, on the CPU, on as many axes as any of them."""
    axes = max(1 if prompt.positions is None else len(prompt.positions) for prompt in prompts)
    return [prompt.placed(axes)[:, :stop] for prompt in prompts]


def position_ids(positions: Tensor) -> Tensor:
    """What the net's argument of that name takes of [axes, L]: [1, L], or [axes, 1, L] where there are several."""
    return positions if len(positions) == 1 else positions[:, None]


def joined_marks(rows: Sequence[tuple[Prompt, int]], device: torch.device = CPU) -> dict[str, Tensor]:
    """[rows, longest] marks of rows of the given lengths, each its prompt and a response; of a response as it says."""
    names = {name: None for prompt, _ in rows for name in prompt.token_type_ids}
    width = max(length for _, length in rows)
    return {
        name: to_device(
            torch.tensor(
                [
                    (
                        *prompt.token_type_ids[name][:length],
                        *[prompt.response_mark] * (width - len(prompt.ids[:length])),
                    )
                    for prompt, length in rows
                ]
            ),
            device,
        )
        for name in names
    }


def crossing_of(prompt: Prompt, length: int, device: torch.device = CPU) -> dict[str, Tensor]:
    """[1, length, pictures, tiles] where a row looks that begins with the prompt's tokens; nothing of most nets."""
    if prompt.cross_attention_mask is None:
        return {}
    last = prompt.cross_attention_mask[-1:].expand(max(0, length - len(prompt.ids)), -1, -1)
    return {CROSSING: to_device(torch.cat([prompt.cross_attention_mask[:length], last])[None], device)}


def _check(groups: Sequence[Group]) -> None:
    if any(len(group.prompt.ids) < 2 or not all(group.responses) for group in groups):
        raise ValueError("a group needs a prompt of two tokens or more and responses that are not empty")


def pack(groups: Sequence[Group], device: torch.device = CPU) -> Packed:
    """One row of all groups; every prompt must have at least two tokens and every response one."""
    _check(groups)
    if len(groups) > 1 and any(group.prompt.cross_attention_mask is not None for group in groups):
        raise ValueError("prompts whose tokens look at pictures by cross-attention must be alone in their rows")
    prefixes = [group.prompt.ids[:-1] for group in groups]
    branches = [(group.prompt.ids[-1], *response[:-1]) for group in groups for response in group.responses]
    group_of = [number for number, group in enumerate(groups) for _ in group.responses]
    starts = [len(prefix) for prefix in prefixes]
    placed = joined_positions([group.prompt for group in groups])
    positions = [places[:, :-1] for places in placed]
    for branch, number in zip(branches, group_of, strict=True):
        positions.append(placed[number][:, -1:] + torch.arange(len(branch)))
    targets = [token for group in groups for response in group.responses for token in response]
    length = sum(starts) + sum(map(len, branches))
    layout = layout_of(
        starts, [len(branch) for branch in branches], group_of, blocks_of([group.prompt for group in groups]),
        any(group.prompt.is_block_windowed for group in groups),
    )  # fmt: skip
    ids = torch.tensor([[token for part in [*prefixes, *branches] for token in part]])
    places = position_ids(torch.cat(positions, dim=1))
    layout, there = layout.sent(device, [ids, places, torch.tensor(targets, dtype=torch.long)])
    return Packed(
        ids=there[0],
        positions=there[1],
        prefix_length=sum(starts),
        targets=there[2],
        lengths=tuple(len(branch) for branch in branches),
        layout=layout,
        pictures={
            **joined_pictures([group.prompt for group in groups], device),
            **crossing_of(groups[0].prompt, length, device),
        },
    )

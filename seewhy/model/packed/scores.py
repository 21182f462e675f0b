"""Per-token log-probabilities of question groups: packed in one row, or in separate rows as the reference."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from seewhy.model.packed.context import check_rows
from seewhy.model.packed.dropping import dropout_for_row, dropout_for_rows
from seewhy.model.packed.group import Group, Packed, Prompt, crossing_of, joined_marks, joined_pictures, pack
from seewhy.model.packed.head import head_of
from seewhy.model.packed.last_layer import packing
from seewhy.model.packed.logps import per_token_logps
from seewhy.model.packed.parting import groups_at, rows_of
from seewhy.model.packed.sending import sent, to_device


class Path(StrEnum):
    """How a group is run through the net."""

    PACKED = "packed"
    CONTINUED = "continued"
    """The prompt once, and its replies after it in rows (`continued`)."""
    SEPARATE = "separate"


def vocabulary_of(net: PreTrainedModel) -> int:
    """Tokens of its vocabulary."""
    return int(net.config.get_text_config().vocab_size)


def packed_logps(net: PreTrainedModel, groups: Sequence[Group]) -> list[list[Tensor]]:
    """Log-probabilities of all responses of all groups from one forward over one row.

    A row a group where prompts look at their pictures by cross-attention; several rows where responses differ so much
    in length that padding would cost more than their prompts do (`parting`).
    """
    if len(groups) > 1 and any(group.prompt.cross_attention_mask is not None for group in groups):
        return [row for group in groups for row in packed_logps(net, [group])]
    _check_rows(net, groups)
    width = int(net.get_input_embeddings().weight.shape[1])  # pyright: ignore[reportIndexIssue, reportArgumentType]
    rows = rows_of(groups, width)
    if len(rows) == 1:
        return one_row_logps(net, groups)
    scored: dict[tuple[int, int], Tensor] = {}
    for places in rows:
        parted = one_row_logps(net, groups_at(groups, places))
        scored.update(zip(places, (row for found in parted for row in found), strict=True))
    return [[scored[number, k] for k in range(len(group.responses))] for number, group in enumerate(groups)]


def one_row_logps(net: PreTrainedModel, groups: Sequence[Group]) -> list[list[Tensor]]:
    """The same in one row, however its branches differ in length."""
    packed = pack(groups, net.device)
    with packing(net, packed.layout), dropout_for_row(groups, net.device):
        hidden = _hidden(net, packed)
    flat = per_token_logps(hidden[packed.prefix_length :], head_of(net), packed.targets, vocabulary_of(net))
    rows = iter(flat.split(list(packed.lengths)))
    return [[next(rows) for _ in group.responses] for group in groups]


def _hidden(net: PreTrainedModel, packed: Packed) -> Tensor:
    return net.model(  # pyright: ignore[reportCallIssue]
        input_ids=packed.ids,
        position_ids=packed.positions,
        use_cache=False,
        branch_layout=packed.layout,
        **packed.pictures,
    ).last_hidden_state[0]


def separate_logps(net: PreTrainedModel, groups: Sequence[Group]) -> list[list[Tensor]]:
    """The same from one padded row a response: the reference for all else, and the fallback."""
    _check_rows(net, groups)
    return [_separate_group(net, group) for group in groups]


def _check_rows(net: PreTrainedModel, groups: Sequence[Group]) -> None:
    lengths = [len(group.prompt.ids) - 1 + len(response) for group in groups for response in group.responses]
    check_rows(net, max(lengths, default=0))


def _separate_group(net: PreTrainedModel, group: Group) -> list[Tensor]:
    start = len(group.prompt.ids) - 1
    rows = [(*group.prompt.ids, *response[:-1]) for response in group.responses]
    with dropout_for_rows(group, net.device):
        hidden = net.model(**arguments_of(net, group.prompt, rows)).last_hidden_state  # pyright: ignore[reportCallIssue]
    read = torch.cat([hidden[k, start : start + len(r)] for k, r in enumerate(group.responses)])
    targets = to_device(torch.tensor([token for response in group.responses for token in response]), net.device)
    flat = per_token_logps(read, head_of(net), targets, vocabulary_of(net))
    return list(flat.split([len(response) for response in group.responses]))


def arguments_of(net: PreTrainedModel, prompt: Prompt, rows: Sequence[tuple[int, ...]]) -> dict[str, Any]:
    """What a net takes of rows that begin with the prompt, filled up on the right with what no token before sees."""
    width = max(map(len, rows))
    looks = crossing_of(prompt, width, net.device)
    ids = torch.tensor([[*row, *[row[-1]] * (width - len(row))] for row in rows])
    filled = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    input_ids, attention_mask = sent([ids, filled], net.device)
    return {
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "use_cache": False,
        **joined_pictures([prompt] * len(rows), net.device),
        **joined_marks([(prompt, len(row)) for row in rows], net.device),
        **{name: mask.expand(len(rows), -1, -1, -1) for name, mask in looks.items()},
        **_places(net, prompt, len(rows), width),
    }


def _places(net: PreTrainedModel, prompt: Prompt, rows: int, width: int) -> dict[str, Tensor]:
    """Positions of the tokens of rows, of a net that counts on several axes and cannot see how large the pictures were.

    Else nothing: the net's own count is what packed rows are compared with.
    """
    if not prompt.features or prompt.positions is None:
        return {}
    further = prompt.positions[:, -1:] + 1 + torch.arange(width - len(prompt.ids))
    places = torch.cat([prompt.positions, further], dim=1)[:, :width]
    return {"position_ids": to_device(places[:, None].expand(-1, rows, -1), net.device)}

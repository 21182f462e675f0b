"""Last hidden states of question groups: of each response token the state that predicts it, for heads of another kind.

The alignment is that of `logps.py`: the state at t has seen the prompt and the tokens before t, so a value read from it
is that of the state before token t. The first one is at the prompt's last token, which the branches share.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from seewhy.model.packed.context import check_rows
from seewhy.model.packed.group import Group, pack
from seewhy.model.packed.last_layer import packing
from seewhy.model.packed.scores import Path, arguments_of


def branch_states(net: PreTrainedModel, groups: Sequence[Group], path: Path) -> list[list[Tensor]]:
    """For each group, for each response, [tokens, width]; differentiable."""
    check_rows(net, max((len(g.prompt.ids) - 1 + len(r) for g in groups for r in g.responses), default=0))
    match path:
        case Path.PACKED:
            return [_packed(net, group) for group in groups]
        case Path.SEPARATE | Path.CONTINUED:
            return [_separate(net, group) for group in groups]


def _packed(net: PreTrainedModel, group: Group) -> list[Tensor]:
    packed = pack([group], net.device)
    with packing(net, packed.layout):
        hidden = net.model(  # pyright: ignore[reportCallIssue]
            input_ids=packed.ids, position_ids=packed.positions, use_cache=False, branch_layout=packed.layout,
            **packed.pictures,
        ).last_hidden_state[0]  # fmt: skip
    return list(torch.split(hidden[packed.prefix_length :], list(packed.lengths)))


def _separate(net: PreTrainedModel, group: Group) -> list[Tensor]:
    start = len(group.prompt.ids) - 1
    rows = [(*group.prompt.ids, *response[:-1]) for response in group.responses]
    hidden = net.model(**arguments_of(net, group.prompt, rows)).last_hidden_state  # pyright: ignore[reportCallIssue]
    return [hidden[k, start : start + len(response)] for k, response in enumerate(group.responses)]

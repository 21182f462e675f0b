"""Per-token log-probabilities of question groups: packed in one row, or in separate rows as the reference."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.model.packed.group import Group, Packed, Prompt, crossing_of, joined_marks, joined_pictures, pack
from seewhy.model.packed.head import head_of
from seewhy.model.packed.last_layer import packing
from seewhy.model.packed.logps import per_token_logps

KNOWN_LAYERS = {"full_attention", "sliding_attention"}
"""Kinds of layers, by transformers' `layer_types`, that packed rows can run."""


class Path(StrEnum):
    """How a group is run through the net."""

    PACKED = "packed"
    SEPARATE = "separate"


def _vocabulary(net: PreTrainedModel) -> int:
    return int(net.config.get_text_config().vocab_size)


def packed_logps(net: PreTrainedModel, groups: Sequence[Group]) -> list[list[Tensor]]:
    """Log-probabilities of all responses of all groups from one forward over one row.

    A row a group where prompts look at their pictures by cross-attention.
    """
    if len(groups) > 1 and any(group.prompt.cross_attention_mask is not None for group in groups):
        return [row for group in groups for row in packed_logps(net, [group])]
    packed = pack(groups, net.device)
    with packing(net, packed.layout):
        hidden = _hidden(net, packed)
    flat = per_token_logps(hidden[packed.prefix_length :], head_of(net), packed.targets, _vocabulary(net))
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
    return [_separate_group(net, group) for group in groups]


def _separate_group(net: PreTrainedModel, group: Group) -> list[Tensor]:
    start = len(group.prompt.ids) - 1
    rows = [(*group.prompt.ids, *response[:-1]) for response in group.responses]
    hidden = net.model(**_arguments(net, group.prompt, rows)).last_hidden_state  # pyright: ignore[reportCallIssue]
    read = torch.cat([hidden[k, start : start + len(r)] for k, r in enumerate(group.responses)])
    targets = torch.tensor([token for response in group.responses for token in response], device=net.device)
    flat = per_token_logps(read, head_of(net), targets, _vocabulary(net))
    return list(flat.split([len(response) for response in group.responses]))


def _arguments(net: PreTrainedModel, prompt: Prompt, rows: Sequence[tuple[int, ...]]) -> dict[str, Any]:
    """What a net takes of rows that begin with the prompt, filled up on the right with what no token before sees."""
    width = max(map(len, rows))
    looks = crossing_of(prompt, width, net.device)
    return {
        "input_ids": torch.tensor([[*row, *[row[-1]] * (width - len(row))] for row in rows], device=net.device),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=net.device),
        "use_cache": False,
        **joined_pictures([prompt] * len(rows), net.device),
        **joined_marks([(prompt, len(row)) for row in rows], net.device),
        **{name: mask.expand(len(rows), -1, -1, -1) for name, mask in looks.items()},
        **_places(net, prompt, len(rows), width),
    }


def _places(net: PreTrainedModel, prompt: Prompt, rows: int, width: int) -> dict[str, Tensor]:
    """Where the tokens of rows stand, of a net that counts on several axes and cannot see how large the pictures were.

    Else nothing: the net's own count is what packed rows are compared with.
    """
    if not prompt.features or prompt.positions is None:
        return {}
    further = prompt.positions[:, -1:] + 1 + torch.arange(width - len(prompt.ids))
    places = torch.cat([prompt.positions, further], dim=1)[:, :width]
    return {"position_ids": places[:, None].expand(-1, rows, -1).to(net.device)}


@torch.no_grad()
def check_head(net: PreTrainedModel, group: Group, tolerance: float = 1e-4) -> None:
    """Raises ValueError where log-probabilities are not those of the net's own logits.

    Some nets do more with their last hidden states than their output layer does; `head_of` knows what it knows.
    """
    (response, *_) = group.responses
    row = (*group.prompt.ids, *response[:-1])
    told = net(**_arguments(net, group.prompt, [row]), logits_to_keep=len(response)).logits[0]
    own = per_token_logps(told, nn.Identity(), torch.tensor(response, device=net.device), _vocabulary(net))
    (ours,) = _separate_group(net, Group(prompt=group.prompt, responses=(response,)))
    gap = float((own - ours).abs().max())
    if gap > tolerance:
        raise ValueError(
            f"{type(net).__name__} makes other logits than its output layer does of its hidden states (log-probability "
            f"by {gap:.2g}): seewhy does not know how, and would train another model; choose another one"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PathCheck:
    """What the start-up comparison of packed and separate rows found."""

    path: Path
    value_gap: float
    """Largest difference of a token's log-probability."""
    gradient_gap: float
    """Largest difference of a gradient entry, relative to the largest gradient entry."""
    why: str

    @property
    def is_packed(self) -> bool:
        """Whether packed rows can be trusted."""
        return self.path is Path.PACKED


def _value_and_gradient(net: PreTrainedModel, scored: list[list[Tensor]]) -> tuple[Tensor, list[Tensor]]:
    flat = torch.cat([row for rows in scored for row in rows])
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    if not trained:
        return flat.detach(), []
    weights = torch.linspace(0.5, 1.5, len(flat), device=flat.device)
    gradients = torch.autograd.grad((flat * weights).sum(), trained, materialize_grads=True)
    return flat.detach(), list(gradients)


def foreign_layers(net: PreTrainedModel) -> list[str]:
    """Kinds of text layers whose tokens do not look at each other by attention over all or over a window alone."""
    config = net.config.get_text_config()
    kinds = config.layer_types if hasattr(config, "layer_types") else None
    return sorted(set(kinds or ()) - KNOWN_LAYERS)


def _largest(tensors: Sequence[Tensor]) -> float:
    return max((float(tensor.abs().max()) for tensor in tensors), default=0.0)


@torch.enable_grad()
def check_paths(
    net: PreTrainedModel, groups: Sequence[Group], value_tolerance: float = 1e-4, gradient_tolerance: float = 1e-3
) -> PathCheck:
    """Score the groups both ways, value and gradient, and choose packed only where they agree.

    Tolerances are for float32; a net whose layers carry state along the row, or look both ways, fails here. Layers that
    say by their kind that they carry one are not tried: a trial can agree by luck, for a state that has stored what the
    first response repeats does not change.
    """
    if foreign := foreign_layers(net):
        why = f"packed rows are not for layers of {' and '.join(foreign)}; using separate rows"
        return PathCheck(path=Path.SEPARATE, value_gap=math.inf, gradient_gap=math.inf, why=why)
    expected, expected_gradients = _value_and_gradient(net, separate_logps(net, groups))
    try:
        found, gradients = _value_and_gradient(net, packed_logps(net, groups))
    except (TypeError, ValueError, RuntimeError) as error:
        why = f"packed rows do not run on this net ({error}); using separate rows"
        return PathCheck(path=Path.SEPARATE, value_gap=math.inf, gradient_gap=math.inf, why=why)
    value_gap = _largest([expected - found])
    gaps = _largest([a - b for a, b in zip(expected_gradients, gradients, strict=True)])
    gradient_gap = gaps / max(_largest(expected_gradients), 1e-30)
    if value_gap <= value_tolerance and gradient_gap <= gradient_tolerance:
        return PathCheck(
            path=Path.PACKED, value_gap=value_gap, gradient_gap=gradient_gap, why="packed rows equal separate rows"
        )
    why = (
        f"packed rows differ from separate rows (log-probability by {value_gap:.2g}, gradient by {gradient_gap:.2g} "
        "of its largest entry); using separate rows"
    )
    return PathCheck(path=Path.SEPARATE, value_gap=value_gap, gradient_gap=gradient_gap, why=why)

"""What is tried on a net before it is trusted: its head, and packed rows against separate ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.model.packed.group import Group
from seewhy.model.packed.head import choose_head, head_of
from seewhy.model.packed.logps import per_token_logps
from seewhy.model.packed.scores import Path, arguments_of, packed_logps, separate_logps, vocabulary_of

KNOWN_LAYERS = {"full_attention", "sliding_attention"}
"""Kinds of layers, by transformers' `layer_types`, that packed rows can run."""


@torch.no_grad()
def check_head(net: PreTrainedModel, group: Group, tolerance: float = 1e-4) -> None:
    """Find out what the net does with the output layer's logits.

    Raises:
        ValueError: no way that is known gives the net's own logits; it would be trained as another model.
    """
    (response, *_) = group.responses
    row = (*group.prompt.ids, *response[:-1])
    kept: dict[str, Any] = {"logits_to_keep": len(response)} if _keeps_logits(net) else {}
    try:
        told = net(**arguments_of(net, group.prompt, [row]), **kept).logits[0, -len(response) :]
    except (AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{type(net).__name__} does not run on a prompt and a reply: {error!r}") from error
    hidden = net.model(**arguments_of(net, group.prompt, [row])).last_hidden_state[0, -len(response) :]  # pyright: ignore[reportCallIssue]
    choose_head(net, hidden, told)
    targets = torch.tensor(response, device=net.device)
    own, ours = (
        per_token_logps(states, head, targets, vocabulary_of(net))
        for states, head in ((told, nn.Identity()), (hidden, head_of(net)))
    )
    gap = float((own - ours).abs().max())
    if gap > tolerance:
        raise ValueError(
            f"{type(net).__name__} makes other logits than its output layer does of its hidden states (log-probability "
            f"by {gap:.2g}): seewhy does not know how, and would train another model; choose another one"
        )


def _keeps_logits(net: PreTrainedModel) -> bool:
    return "logits_to_keep" in signature(net.forward).parameters


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

"""What is tried on a net before it is trusted: its head, and packed rows against separate ones."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.model.packed.continued import continued_logps
from seewhy.model.packed.group import Group
from seewhy.model.packed.head import choose_head, head_of
from seewhy.model.packed.logps import per_token_logps
from seewhy.model.packed.precision import Tolerance
from seewhy.model.packed.scores import Path, arguments_of, packed_logps, separate_logps, vocabulary_of
from seewhy.model.packed.witnesses import few_gradients

MISFITS = (AttributeError, LookupError, TypeError, ValueError, RuntimeError)
"""What nets raise that are given inputs of another net's processor."""
Way = Callable[[PreTrainedModel, Sequence[Group]], list[list[Tensor]]]
"""Of scoring groups."""
KNOWN_LAYERS = {"full_attention", "sliding_attention"}
"""Kinds of layers, by transformers' `layer_types`, that packed rows can run."""


def misfit(net: PreTrainedModel, why: str) -> str:
    """What is said of a net that does not run on what its processor makes."""
    return (
        f"{type(net).__name__} does not run on a prompt and a reply: {why}; see that its weights, config.json and "
        "processor belong to one model"
    )


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
        own_logits = net(**arguments_of(net, group.prompt, [row]), **kept).logits[0, -len(response) :]
    except MISFITS as error:
        raise ValueError(misfit(net, repr(error))) from error
    hidden = net.model(**arguments_of(net, group.prompt, [row])).last_hidden_state[0, -len(response) :]  # pyright: ignore[reportCallIssue]
    choose_head(net, hidden, own_logits)
    targets = torch.tensor(response, device=net.device)
    own, ours = (
        per_token_logps(states, head, targets, vocabulary_of(net))
        for states, head in ((own_logits, nn.Identity()), (hidden, head_of(net)))
    )
    gap = float((own - ours).abs().max())
    if math.isnan(gap):
        raise ValueError(
            f"{type(net).__name__} gives log-probabilities that are no numbers (NaN): weights of it are damaged; copy "
            "it again, or choose another one"
        )
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


def least_trusting(checks: Iterable[PathCheck]) -> Path:
    """The path that is right where all of these were found: packed, continued, or separate rows."""
    ways = list(Path)
    return max((check.path for check in checks), key=ways.index, default=Path.PACKED)


def _value_and_gradient(asked: Sequence[Tensor], scored: list[list[Tensor]]) -> tuple[Tensor, list[Tensor]]:
    flat = torch.cat([row for rows in scored for row in rows])
    if not asked:
        return flat.detach(), []
    weights = torch.linspace(0.5, 1.5, len(flat), device=flat.device)
    gradients = torch.autograd.grad((flat * weights).sum(), asked, materialize_grads=True)
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
    net: PreTrainedModel, groups: Sequence[Group], value_tolerance: float = 1e-4, gradient_tolerance: float = 1e-3,
    beside: Sequence[Group] = (),
) -> PathCheck:  # fmt: skip
    """Score the groups in separate rows and in cheaper ways, value and gradient, and choose the cheapest that agrees.

    Gradients are those of few weights, and of what the embeddings give (`witnesses`).

    Packed rows come first, then the prompt once with its replies after it. Tolerances are for float32; a net whose
    layers carry a state along the row, or look both ways, is not packed. Layers that say by their kind that they carry
    one are not tried packed: a trial can agree by chance, for a state that has stored what the first response repeats
    does not change. Where packed rows are right for the groups, their values are compared once more with the groups
    `beside` them in the row.
    """
    with few_gradients(net) as asked:
        return _cheapest(net, groups, asked, Tolerance(value=value_tolerance, gradient=gradient_tolerance), beside)


def _cheapest(
    net: PreTrainedModel, groups: Sequence[Group], asked: Sequence[Tensor], most: Tolerance, beside: Sequence[Group]
) -> PathCheck:
    expected = _value_and_gradient(asked, separate_logps(net, groups))
    if foreign := foreign_layers(net):
        gap = Gap(why=f"packed rows are not for layers of {' and '.join(foreign)}")
    else:
        gap = _gap(net, groups, asked, expected, packed_logps, "packed rows")
        if beside and gap.is_within(most.value, most.gradient):
            gap = _gap_of_values(net, [*groups, *beside])
        if gap.is_within(most.value, most.gradient):
            return gap.check(Path.PACKED, "packed rows equal separate rows")
    again = _gap(net, groups, asked, expected, continued_logps, "replies after one run of their prompt")
    if again.is_within(most.value, most.gradient):
        return gap.check(Path.CONTINUED, f"{gap.why}; running each prompt once and its replies after it")
    return gap.check(Path.SEPARATE, f"{gap.why}; {again.why}; using separate rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How far a way of scoring is from separate rows."""

    value: float = math.inf
    gradient: float = math.inf
    why: str
    """What is wrong with it, where something is."""

    def is_within(self, value: float, gradient: float) -> bool:
        """Whether both gaps are at most that."""
        return self.value <= value and self.gradient <= gradient

    def check(self, path: Path, why: str) -> PathCheck:
        """The outcome of a trial with these gaps."""
        return PathCheck(path=path, value_gap=self.value, gradient_gap=self.gradient, why=why)


@torch.no_grad()
def _gap_of_values(net: PreTrainedModel, groups: Sequence[Group]) -> Gap:
    """Of packed rows of several questions; without gradients, whose memory the groups of a trial alone may take."""
    packed, apart = (
        torch.cat([row for rows in way(net, groups) for row in rows]) for way in (packed_logps, separate_logps)
    )
    value = _largest([apart - packed])
    why = f"packed rows of several questions differ from separate rows (log-probability by {value:.2g})"
    return Gap(value=value, gradient=0.0, why=why)


def _gap(
    net: PreTrainedModel, groups: Sequence[Group], asked: Sequence[Tensor], expected: tuple[Tensor, list[Tensor]],
    way: Way, name: str,
) -> Gap:  # fmt: skip
    try:
        found, gradients = _value_and_gradient(asked, way(net, groups))
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        return Gap(why=f"{name} do not run on this net ({error})")
    value = _largest([expected[0] - found])
    gradient = max(_relative(expected[1][:-1], gradients[:-1]), _relative(expected[1][-1:], gradients[-1:]))
    why = (
        f"{name} differ from separate rows (log-probability by {value:.2g}, gradient by {gradient:.2g} of its largest "
        "entry)"
    )
    return Gap(value=value, gradient=gradient, why=why)


def _relative(expected: Sequence[Tensor], found: Sequence[Tensor]) -> float:
    """The largest difference of an entry, as a share of the largest entry."""
    most = max((_largest([a - b]) for a, b in zip(expected, found, strict=True)), default=0.0)
    return most / max(_largest(expected), 1e-30)

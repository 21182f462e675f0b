"""FlexAttention over a packed row: one kernel on a GPU that skips the blocks which no token sees.

It is taken on CUDA alone, for long rows, and only where a trial on this machine shows it to be faster than the padded
calls of `branches.attend`. Dong et al., "Flex Attention: A Programming Model for Generating Optimized Attention
Kernels", arXiv 2412.05496.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from seewhy.model.packed.layout import Layout

LONG = 2048
"""Tokens of a row below which it loses (engine design: under about 2,000), and is not even tried."""
TURNS = 3
"""Timed runs of either side in the trial, after one that compiles."""
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
States = tuple[Tensor, Tensor, Tensor]
SAME = {torch.float32: 1e-4, torch.float64: 1e-4, torch.bfloat16: 2e-2, torch.float16: 1e-2}
"""Largest gap to the padded calls, relative to the largest entry: two orders of summing the same products."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Position of each of the L tokens of a row; all [L]."""

    group: Tensor
    branch: Tensor
    """-1 of prompt tokens."""
    index: Tensor
    """Counted from the prompt's first token."""
    block: Tensor
    """The picture block of a prompt token, 0 of none."""


def places_of(layout: Layout) -> Places:
    """Read back from the layout."""
    groups, longest = layout.prefix_index.shape
    branches, height = layout.branch_index.shape
    device = layout.restore.device
    group = torch.arange(groups, device=device)[:, None].expand(-1, longest)
    branch = torch.arange(branches, device=device)[:, None].expand(-1, height)
    own = layout.branch_start[:, None] + torch.arange(height, device=device)
    nowhere = torch.zeros(branches, height, dtype=torch.long, device=device)
    blocks = torch.zeros_like(group) if layout.blocks is None else layout.blocks

    def row(prompts: Tensor, others: Tensor) -> Tensor:
        return torch.cat([prompts.flatten(), others.flatten()])[layout.restore]

    return Places(
        group=row(group, layout.branch_group[:, None].expand(-1, height)),
        branch=row(torch.full_like(group, -1), branch),
        index=row(torch.arange(longest, device=device).expand(groups, -1), own),
        block=row(blocks, nowhere),
    )


def block_mask(layout: Layout, window: int | None) -> BlockMask:
    """Which token sees which: its prompt and its own branch, nothing later, no further back than the window."""
    places = places_of(layout)
    group, branch, index, block = places.group, places.branch, places.index, places.block
    length = len(layout.restore)
    reach = length if window is None else window
    # How far back a picture's token sees its block: without an end, within the window, or not at all.
    block_reach = length if not layout.is_block_windowed else 0 if window is None else window
    # A lambda, for torch compiles it and counts its arguments, and functions that are checked hide their own.
    return create_block_mask(
        lambda _batch, _head, q, k: (
            (group[q] == group[k])
            & (
                ((branch[k] == -1) | (branch[k] == branch[q])) & (index[q] >= index[k]) & (index[q] - index[k] < reach)
                | (block[q] > 0) & (block[q] == block[k]) & (index[q] - index[k] < block_reach) & (block_reach > 0)
            )
        ),
        None, None, length, length, device=str(layout.restore.device),
    )  # fmt: skip


def attend_flex(
    states: States, layout: Layout, window: int | None, scaling: float, run: Callable[..., Tensor] | None = None
) -> Tensor:
    """Queries, keys and values [1, heads, L, width] (the latter may have fewer heads) to [1, L, heads, width].

    `run` is the kernel: the compiled one where it is left out. The mask is made once a layout and window.
    """
    query, key, value = states
    if window not in layout.masks:
        layout.masks[window] = block_mask(layout, window)
    is_shared = key.shape[1] != query.shape[1]
    out = (run or compiled())(query, key, value, block_mask=layout.masks[window], scale=scaling, enable_gqa=is_shared)
    return out.transpose(1, 2)


@cache
def compiled() -> Callable[..., Tensor]:
    """The kernel, compiled when it is first run."""
    return torch.compile(flex_attention, dynamic=True)


class Trials:
    """What trials on this machine found, by device, precision and sizes; rows are of one size up to a factor of two."""

    def __init__(self, file: Path | None = None) -> None:
        """`file` keeps what is found for later processes, so that a run that goes on takes what it took before."""
        self.file = file
        self.found: dict[str, bool] = _read(file) if file is not None else {}

    def prefers_flex(self, states: States, flex: Attend, plain: Attend) -> bool:
        """Whether `flex` gives what `plain` gives on these states, and faster; tried once for states like them."""
        query, key, _ = states
        sizes = (query.shape[1], key.shape[1], query.shape[3], query.shape[2].bit_length())
        kind = f"{torch.__version__} {machine_of(query.device)} {query.dtype} {sizes}"
        if kind not in self.found:
            why = why_not(states, flex, plain)
            if why:
                LOG.warning(
                    "attention over rows of %d tokens: FlexAttention %s; taking padded calls", query.shape[2], why
                )
            self.found[kind] = not why and self._is_faster(states, flex, plain)
            if self.file is not None:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                self.file.write_text(json.dumps(self.found, indent=1), encoding="utf-8")
        return self.found[kind]

    def _is_faster(self, states: States, flex: Attend, plain: Attend) -> bool:
        seconds = seconds_of({"flex": flex, "plain": plain}, states)
        is_faster = seconds["flex"] < seconds["plain"]
        LOG.info(
            "attention over rows of %d tokens: FlexAttention takes %.2f ms, padded calls %.2f ms; taking %s",
            states[0].shape[2], 1e3 * seconds["flex"], 1e3 * seconds["plain"],
            "FlexAttention" if is_faster else "padded calls",
        )  # fmt: skip
        return is_faster


def _read(file: Path) -> dict[str, bool]:
    """What a file keeps; nothing where there is none, or none that can be read."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(kind): bool(taken) for kind, taken in kept.items()} if isinstance(kept, dict) else {}


def machine_of(device: torch.device) -> str:
    """The name of a GPU; else the kind of device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def why_not(states: States, flex: Attend, plain: Attend) -> str:
    """Why `flex` is not to be trusted: it raises, or differs from `plain` in values or gradients; else nothing."""
    try:
        found, expected = (_moved(attend, states) for attend in (flex, plain))
    except (RuntimeError, TypeError, ValueError) as error:
        return f"does not run ({error})"
    for made, wanted in zip(found, expected, strict=True):
        gap = float((made - wanted).abs().max() / wanted.abs().max().clamp(min=1e-30))
        if not gap <= SAME[states[0].dtype]:
            return f"differs from them by {gap:.2g} of the largest entry"
    return ""


@torch.enable_grad()
def _moved(attend: Attend, states: States) -> list[Tensor]:
    """What attention gives, and the gradients of its inputs under weights that no two of its entries share."""
    given = [each.detach().requires_grad_() for each in states]
    out = attend(*given)
    weights = torch.linspace(-1, 1, out.numel(), dtype=out.dtype, device=out.device).view_as(out)
    gradients = torch.autograd.grad(out, given, weights, materialize_grads=True)
    return [each.detach().float() for each in (out, *gradients)]


TRIALS = Trials(Path.home() / ".cache" / "seewhy" / "kernels.json")


def flexes(states: States, layout: Layout, window: int | None, scaling: float, plain: Attend) -> bool:
    """Whether `attend_flex` is taken: on CUDA, for long rows, where a trial showed it to be faster than `plain`."""
    query = states[0]
    if query.device.type != "cuda" or query.shape[2] < LONG:
        return False

    def flex(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return attend_flex((query, key, value), layout, window, scaling)

    return TRIALS.prefers_flex(states, flex, plain)


@torch.enable_grad()
def seconds_of(sides: Mapping[str, Attend], states: States) -> dict[str, float]:
    """Mean time of a side's forward and backward pass, in turns after a first run that is not counted."""
    taken = dict.fromkeys(sides, 0.0)
    for turn in range(TURNS + 1):
        for name, attend in sides.items():
            given = [each.detach().requires_grad_() for each in states]
            began = _now(given[0].device)
            attend(*given).sum().backward()
            taken[name] += (_now(given[0].device) - began) / TURNS if turn else 0.0
    return taken


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()

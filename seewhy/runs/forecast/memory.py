"""Memory of a training, from a few of its rows; nothing is computed for it."""

import math
import statistics
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from transformers import PreTrainedModel

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.prompt_cache import bytes_of
from seewhy.model.packed.group import Group, tokens_of
from seewhy.model.packed.precision import widened_bytes
from seewhy.model.packed.scores import Path
from seewhy.model.packed.witnesses import witness_bytes
from seewhy.model.plan import BF16, ComputePlan
from seewhy.training.checkpoint import KEPT
from seewhy.training.memory.estimate import PassBytes, StepBytes, WeightBytes, checked_bytes, step_bytes
from seewhy.training.memory.peak import MIB
from seewhy.training.memory.trace import trace_memory, weight_bytes
from seewhy.training.plan import FitPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingBytes:
    """What a training stage holds at most, term by term."""

    step: StepBytes
    checked: int
    """The peak of the comparison of packed and separate rows before the first step."""
    weights: WeightBytes
    tokens: int
    """Of the heaviest forward pass."""
    passes: int
    """Forward passes of the heaviest step."""
    step_tokens: float
    """Tokens of an average step."""

    @property
    def peak(self) -> int:
        """The larger of the two peaks."""
        return max(self.step.peak, self.checked)


def largest_sum(sizes: Sequence[int], count: int, times: int) -> int:
    """The largest of `times` sums of `count` draws from these sizes, expected: mean + sd * sqrt(2 ln times).

    Example:
        >>> largest_sum([10, 10], 5, 100), largest_sum([8, 12], 4, 1)
        (50, 40)
    """
    spread = statistics.pstdev(sizes) * math.sqrt(2 * count * math.log(max(1, times)))
    return min(count * max(sizes), round(count * statistics.fmean(sizes) + spread))


def training_bytes(
    model: HubModel, plan: FitPlan, groups: Sequence[Group], per_step: int, steps: int, *, base: int, prompts: int = 0,
    is_packed: bool, compute: ComputePlan,
) -> TrainingBytes:  # fmt: skip
    """Trace the heaviest pass of a training whose steps hold `per_step` groups such as these.

    `prompts` is how many the process has encoded by then, and keeps as far as its cache reaches. The model is as
    `as_trained` makes it.
    """
    net = model.net
    sizes = [tokens_of(group) for group in groups]
    step = largest_sum(sizes, per_step, steps)
    wanted = min(step, max(plan.row_tokens, *sizes))
    passes = math.ceil(step / plan.row_tokens)
    heaviest = _traced(net, fill(groups, wanted), _ways(compute, is_packed=is_packed), compute)
    weights = weight_bytes(net)
    each = statistics.fmean(bytes_of(group.prompt) for group in groups)
    return TrainingBytes(
        step=step_bytes(weights, heaviest, passes=passes, base=base,
                        prompts=prompt_bytes(model.prompts.max_bytes, each, encoded=prompts, per_step=per_step),
                        is_checkpointed=compute.gradient_checkpointing),
        checked=checked_bytes(widened_bytes(net), base, gradients=witness_bytes(net)), weights=weights,
        tokens=heaviest.tokens, passes=passes,
        step_tokens=per_step * statistics.fmean(sizes),
    )  # fmt: skip


def prompt_bytes(most: int, each: float, *, encoded: int, per_step: int) -> int:
    """What a training holds of `encoded` prompts of `each` bytes: its cache of at most `most` bytes, or more.

    While a step is computed, those of the next one are encoded, and what these two steps use is held whatever the cache
    has room for. A cache that is large enough holds them itself, as the most recently used.

    Example:
        >>> prompt_bytes(1000, 10, encoded=50, per_step=8), prompt_bytes(100, 10, encoded=50, per_step=8)
        (500, 160)
        >>> prompt_bytes(100, 10, encoded=12, per_step=8)
        120
    """
    return max(min(most, round(encoded * each)), round(min(encoded, 2 * per_step) * each))


def _ways(compute: ComputePlan, *, is_packed: bool) -> list[Path]:
    """How a training may run its rows, the cheapest first: checkpointed layers keep no keys for replies to come."""
    kept = [] if compute.gradient_checkpointing else [Path.CONTINUED]
    return [*([Path.PACKED] if is_packed else []), *kept, Path.SEPARATE]


def _traced(net: PreTrainedModel, groups: Sequence[Group], ways: Sequence[Path], compute: ComputePlan) -> PassBytes:
    """One pass over these groups in the first way that runs on this net; a training finds the same at its start."""
    is_half = compute.precision == BF16
    for way in ways[:-1]:
        with suppress(AttributeError, RuntimeError, TypeError, ValueError):
            return trace_memory(net, groups, path=way, is_half=is_half)
    return trace_memory(net, groups, path=ways[-1], is_half=is_half)


def fill(groups: Sequence[Group], tokens: int) -> list[Group]:
    """The groups again and again, in order, as long as they stay within `tokens`; at least the first one.

    The order is theirs but that the largest one comes first, for a pass holds it somewhere.
    """
    ordered = sorted(groups, key=lambda group: -tokens_of(group))[:1] + list(groups)
    taken: list[Group] = []
    room, place = tokens, 0
    while not taken or tokens_of(ordered[place % len(ordered)]) <= room:
        room -= tokens_of(ordered[place % len(ordered)])
        taken.append(ordered[place % len(ordered)])
        place += 1
    return taken


def training_disk(traced: TrainingBytes, steps: int, plan: FitPlan) -> float:
    """MiB of a training's folder at its end: checkpoints of weights and moments that stay, and the model."""
    kept = min(KEPT, math.ceil(steps / plan.save_every))
    return (kept * (traced.weights.moved + traced.weights.moments) + traced.weights.total) / MIB

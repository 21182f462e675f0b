"""What looks wrong in a training run, in plain words, from its step logs alone."""

import math
from collections.abc import Sequence

from seewhy.records.types import StepLog

WINDOW_SHARE = 0.1
"""Share of the steps, at either end, whose mean is compared."""
CHOSEN_FALL = -0.1
"""Nats a token under the reference: a 100-token chosen chain is then e^10 times less likely than before."""
MARGIN_EXPLODED = 10.0
"""Mean reward margin, in nats: the sigmoid's gradient is below 5e-5 there, and what still moves is drift."""
LOSS_RISE = 1.1
"""Last loss over first."""
GRADIENT_SPIKE = 20.0
"""Largest gradient norm of the second half over the median of the run."""
MEMORY_GROWTH = 1.3
"""Peak memory at the end over that half way."""


def _values(logs: Sequence[StepLog], name: str) -> list[float]:
    return [log.terms[name] for log in logs if name in log.terms]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Means over the first and over the last tenth of the run."""
    width = max(1, math.ceil(len(values) * WINDOW_SHARE))
    return _mean(values[:width]), _mean(values[-width:])


def _preference_alarms(logs: Sequence[StepLog]) -> list[str]:
    alarms: list[str] = []
    chosen, margins, accuracy = (_values(logs, name) for name in ("chosen_drift", "margin", "accuracy"))
    if chosen and (last := _ends(chosen)[1]) < CHOSEN_FALL:
        alarms.append(
            f"chosen responses became less likely: {last:.2f} nats a token against the reference; add an NLL term, "
            "lower the learning rate or truncate"
        )
    if margins and (last := _ends(margins)[1]) > MARGIN_EXPLODED:
        alarms.append(f"the reward margin reached {last:.1f} nats: the pairs are learnt by heart; stop earlier")
    if accuracy and (last := _ends(accuracy)[1]) <= 0.5 and len(accuracy) > 1:
        alarms.append(f"only {last:.0%} of the pairs are ordered rightly at the end: the preference is not learnt")
    return alarms


def _motion_alarms(logs: Sequence[StepLog]) -> list[str]:
    alarms: list[str] = []
    first, last = _ends([log.loss for log in logs])
    if first > 0 and last > first * LOSS_RISE:
        alarms.append(f"the loss rose from {first:.3f} to {last:.3f}; lower the learning rate")
    norms = _values(logs, "grad_norm")
    late = norms[len(norms) // 2 :]
    middle = sorted(norms)[len(norms) // 2] if norms else 0.0
    if late and max(late) > GRADIENT_SPIKE * middle > 0:
        alarms.append(f"a gradient norm of {max(late):.1f} beside a median of {middle:.2f}: look at that step's rows")
    memory = _values(logs, "resident_mb")
    if memory and memory[-1] > memory[len(memory) // 2] * MEMORY_GROWTH:
        alarms.append(f"memory grew from {memory[len(memory) // 2]:.0f} to {memory[-1]:.0f} MiB in the second half")
    return alarms


def alarms_of(logs: Sequence[StepLog]) -> tuple[str, ...]:
    """What a reader should know before trusting the run; empty where nothing looks wrong.

    Raises ArithmeticError where a loss is no finite number: nothing after it means anything.

    Example:
        >>> log = StepLog(step=0, loss=0.1, learning_rate=1e-5, terms={"margin": 12.0}, seconds=0.5)
        >>> alarms_of([log])
        ('the reward margin reached 12.0 nats: the pairs are learnt by heart; stop earlier',)
    """
    for log in logs:
        if not math.isfinite(log.loss):
            raise ArithmeticError(f"the loss of step {log.step} is {log.loss}; lower the learning rate")
    return (*_preference_alarms(logs), *_motion_alarms(logs)) if logs else ()

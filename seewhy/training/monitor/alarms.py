"""What looks wrong in a training run, in plain words, from its step logs alone: while it runs, and when it is over."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from seewhy.records.types import StepLog
from seewhy.training.monitor.history import History
from seewhy.training.monitor.rules import RULES


class AlarmError(RuntimeError):
    """A plan stops the run at an alarm that rang; all steps up to it are saved, and the run can be gone on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something wrong, and at which step it was first seen."""

    name: str
    """The figure that rang it."""
    step: int
    words: str
    remedy: str

    @property
    def summary(self) -> str:
        """One line for a reader."""
        return f"step {self.step}: {self.words}; {self.remedy}"


@dataclass(slots=True, kw_only=True)
class AlarmDetector:
    """Looks at each step as it is taken, and rings each alarm once."""

    history: History = field(default_factory=History)
    rung: dict[str, Alarm] = field(default_factory=dict[str, Alarm])

    def take(self, log: StepLog, *, is_last: bool | None = None) -> list[Alarm]:
        """Alarms that this step rings first; `is_last` where the log itself does not say how many steps there are.

        Raises ArithmeticError where the loss is no finite number: nothing after it means anything.
        """
        if not math.isfinite(log.loss):
            raise ArithmeticError(f"the loss of step {log.step} is {log.loss}; lower the learning rate")
        over = log.step + 1 == int(log.terms.get("steps", -1.0)) if is_last is None else is_last
        self.history.add(log, is_last=over)
        judged = [(rule, rule.judge(self.history)) for rule in RULES if rule.figure not in self.rung]
        new = [
            Alarm(name=rule.figure, step=log.step, words=words, remedy=rule.remedy)
            for rule, words in judged
            if words is not None
        ]
        self.rung.update((alarm.name, alarm) for alarm in new)
        return new


def alarms_of(logs: Sequence[StepLog]) -> tuple[Alarm, ...]:
    """What a reader should know before trusting a run that took these steps; empty where nothing looked wrong.

    Raises ArithmeticError where a loss is no finite number.

    Example:
        >>> log = StepLog(step=0, loss=0.1, learning_rate=1e-5, terms={"margin": 12.0}, seconds=0.5)
        >>> [alarm.summary for alarm in alarms_of([log])]
        ['step 0: the reward margin reached 12.0 nats: the pairs are learnt by heart; stop earlier']
    """
    watch = AlarmDetector()
    for place, log in enumerate(logs):
        watch.take(log, is_last=place + 1 == len(logs))
    return tuple(watch.rung.values())

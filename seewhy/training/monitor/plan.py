"""The settings of a training's guard rails: what is probed, how often, and what stops the run."""

from dataclasses import dataclass

from seewhy.training.monitor.rules import NAMES
from seewhy.training.plan import is_turn

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardPlan:
    """How closely a training is watched; no field moves a weight, so a run may go on with other ones.

    Example:
        >>> [step for step in range(10) if GuardPlan(probe_every=4).is_due(step, 10)]
        [3, 7, 9]
    """

    probe_questions: int = 8
    """Prompts among the rows that the model replies to at each probe; 0 probes nothing."""
    probe_every: int = 0
    """Steps between probes; 0 means a quarter of the run. The start and the last step are always probed."""
    probe_tokens: int = 96
    """Tokens of a reply, at most."""
    abort: tuple[str, ...] = ()
    """Alarms that stop the run, by the figure that rings them (`docs/training-log.md`), or `all`."""

    def __post_init__(self) -> None:
        """Refuses what cannot be watched, by name."""
        wrong = [
            f"{name} must be {least} or above"
            for name, value, least in (
                ("probe_questions", self.probe_questions, 0),
                ("probe_every", self.probe_every, 0),
                ("probe_tokens", self.probe_tokens, 1),
            )
            if value < least
        ]
        unknown = [name for name in self.abort if name not in (*NAMES, ALL)]
        if unknown:
            wrong.append(f"abort names {unknown[0]!r}, and the alarms are {', '.join(NAMES)}, or all of them: {ALL}")
        if wrong:
            raise ValueError(f"GuardPlan: {'; '.join(wrong)}")

    def is_due(self, step: int, steps: int) -> bool:
        """Whether a probe follows `step`, counted from 0, of a run of `steps`."""
        return is_turn(step, steps, self.probe_every)

    def stops(self, alarm: str) -> bool:
        """Whether an alarm of this name ends the run."""
        return alarm in self.abort or ALL in self.abort


GUARDED = GuardPlan()
"""What a run is watched by, unless you say."""
UNGUARDED = GuardPlan(probe_questions=0)
"""No probe, and nothing stops the run but a loss or a gradient that is no number."""

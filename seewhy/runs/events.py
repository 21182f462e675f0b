"""What happens in a run, as values: runners yield them, and only the command line draws them."""

from dataclasses import dataclass, replace

from seewhy.records.types import StepLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """A unit begins, or goes on.

    Example:
        >>> Began(ref="chains", step="chains", number=4, of=12, total=1200, unit="questions", done=64).total
        1200
    """

    ref: str
    step: str
    number: int
    """The place of its step among those that are run, from 1."""
    of: int
    total: int | None
    """Input rows or training steps; None where it cannot be known."""
    unit: str
    done: int = 0
    """Of the total, what an earlier call left finished."""
    later: float | None = None
    """Seconds that the units after it will take; None where the run was not forecast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """Input rows of a unit are done."""

    ref: str
    count: int
    spent: str = ""
    """What servers were paid so far, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """A training took a step."""

    ref: str
    log: StepLog
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something a user should read."""

    ref: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A unit is finished."""

    ref: str
    seconds: float
    """Wall-clock time of this call."""
    rows: int
    unit: str
    is_found: bool = False
    """It was finished before, or taken over from another run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """What a run that ended leaves: its results, and where they are."""

    lines: tuple[str, ...]


Event = Began | Advanced | Stepped | Noted | Ended | Concluded


def renamed(event: Event, old: str, new: str) -> Event:
    """The event of a unit of the step `old`, as one of the step `new`.

    Example:
        >>> renamed(Advanced(ref="step.a", count=1), "step", "judge").ref
        'judge.a'
    """
    if isinstance(event, Concluded):
        return event
    ref = f"{new}{event.ref.removeprefix(old)}"
    return replace(event, ref=ref, step=new) if isinstance(event, Began) else replace(event, ref=ref)

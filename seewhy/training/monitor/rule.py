"""What an alarm's rule is."""

from collections.abc import Callable
from dataclasses import dataclass

from seewhy.training.monitor.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One figure and when it rings."""

    figure: str
    """Its name in the log, which is the alarm's name too."""
    judge: Callable[[History], str | None]
    """What is wrong, in words; None where nothing is."""
    remedy: str

"""What a check of this machine found: a state, the finding, and what mends it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rich.text import Text


class State(StrEnum):
    """Of a check: as it should be, usable with a limit, or something will fail."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


STYLES = {State.OK: "green", State.WARNING: "yellow", State.ERROR: "bold red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of `seewhy doctor`.

    Example:
        >>> Check(name="disk", state=State.OK, found="70 GiB free in .").remedy
        ''
    """

    name: str
    state: State
    found: str
    remedy: str = ""
    """What to do; empty where there is nothing to do."""


def passed(name: str, found: str) -> Check:
    """A check that found what is wanted."""
    return Check(name=name, state=State.OK, found=found)


def warned(name: str, found: str, remedy: str) -> Check:
    """A check that found a limit."""
    return Check(name=name, state=State.WARNING, found=found, remedy=remedy)


def failed(name: str, found: str, remedy: str) -> Check:
    """A check that found what will fail."""
    return Check(name=name, state=State.ERROR, found=found, remedy=remedy)


def split_remedy(name: str, message: str, remedy: str) -> Check:
    """An error whose message may end in its own remedy, after its last colon or semicolon.

    Example:
        >>> split_remedy("device", "torch sees 0 GPUs; leave it at auto", "").remedy
        'leave it at auto'
    """
    found, mark, own = message.rpartition("; ")
    return failed(name, found, own) if mark and not remedy else failed(name, message, remedy)


def has_errors(checks: Iterable[Check]) -> bool:
    """Whether something will fail."""
    return any(check.state is State.ERROR for check in checks)


def line_of(check: Check) -> Text:
    """A check as a line, and its remedy as a second one."""
    line = Text.assemble((f"{check.state.value:<8}", STYLES[check.state]), f"{check.name:<18}{check.found}")
    return line.append(f"\n{'':<26}-> {check.remedy}") if check.remedy else line

"""What is wrong with rows, listed in one error."""

from collections.abc import Sequence
from pathlib import Path

TOLD = 20
"""Bad rows that one error lists."""


class BesideError(ValueError):
    """What is wrong with a file beside the rows, which all of them need: it is told once, and of no row."""


def changed_at(path: Path, what: str) -> int:
    """When a file beside the rows was last changed, in nanoseconds, by which what was read of it is kept.

    Raises:
        BesideError: it is not there; the message goes on with `what` it holds, and what to do.
    """
    if not path.is_file():
        raise BesideError(f"{path} is not there, and {what}")
    return path.stat().st_mtime_ns


def require_none(faults: Sequence[str]) -> None:
    """An error that lists the first twenty faults, where there are any.

    Raises:
        ValueError: there is a fault.
    """
    if faults:
        more = [f"... and {len(faults) - TOLD} more"] if len(faults) > TOLD else []
        head = (
            f"{len(faults)} rows cannot be read; correct them"
            if len(faults) > 1
            else "a row cannot be read; correct it"
        )
        raise ValueError("\n  ".join([f"{head} and run the same command again:", *faults[:TOLD], *more]))

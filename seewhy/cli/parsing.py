"""The words of a command as a dataclass; what the parser refuses is an error like any other."""

import io
import re
from collections.abc import Sequence
from contextlib import redirect_stderr
from typing import TypeVar

import tyro

T = TypeVar("T")
OPTION = re.compile(r"--[a-z][\w.-]*")
HINTS = ("Argument helptext", "For full helptext")


def parsed(kind: type[T], words: Sequence[str], prog: str) -> T:
    """The words of a command as its dataclass; `--help` is shown.

    Raises:
        ValueError: an option is unknown, missing or of another type.
        SystemExit: help was shown.
    """
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            return tyro.cli(kind, args=list(words), prog=prog, config=(tyro.conf.EnumChoicesFromValues,))
    except SystemExit as end:
        if not end.code:
            raise
        raise ValueError(_unboxed(said.getvalue(), prog)) from None


def _unboxed(text: str, prog: str) -> str:
    """What the parser has drawn into a box, as one sentence: the fault, and the option that was meant."""
    lines = [line.strip(" │") for line in text.splitlines() if not line.startswith(("╭", "╰"))]
    blocks = [block.strip() for block in " ".join(lines).split("─")]
    told = [block for block in blocks if block and not block.startswith(HINTS)]
    near = OPTION.findall(told[1].partition(":")[2]) if len(told) > 1 and "meant" in told[1] else []
    remedy = f"did you mean {near[0]}?" if near else f"`{prog} --help` lists every option"
    return f"{told[0].removesuffix('.')}; {remedy}"

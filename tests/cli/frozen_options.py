"""Every option of `seewhy run inkgrid` with its default, as the real help shows them, one a line."""

import contextlib
import io
import re
import sys
from pathlib import Path

from seewhy.cli.main import main

FROZEN = Path(__file__).parents[1] / "data" / "cli" / "options.txt"
RENEW = "COLUMNS=80 python tests/cli/frozen_options.py"


def help_entries(recipe: str) -> list[str]:
    """What the help says of each option, its lines joined: names, kind of value, sentence, default.

    The text is as wide as the environment's COLUMNS say; 80 gives one column of boxes.
    """
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        assert main(["run", recipe, "--help"]) == 0
    entries: list[str] = []
    for line in shown.getvalue().splitlines():
        inner = line.strip("│ ")
        if re.match(r"--[a-z]", inner):
            entries.append(inner)
        elif re.match(r"│? {10,}\S", line) and entries:
            entries[-1] += f" {inner}"
    return [re.sub(r"\s+", " ", entry) for entry in entries]


def option_lines() -> list[str]:
    """Names and default of each option."""
    lines: list[str] = []
    for entry in help_entries("inkgrid"):
        names = re.match(r"--[\w.-]+(, --[\w.-]+)*", entry)
        default = re.search(r"\((default: .*|required)\)$", entry)
        assert names is not None, entry
        assert default is not None, entry
        lines.append(f"{names.group()}  {default.group(1).removeprefix('default: ')}")
    return lines


if __name__ == "__main__":
    FROZEN.parent.mkdir(exist_ok=True)
    FROZEN.write_text("\n".join(option_lines()) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FROZEN} holds {len(option_lines())} options\n")

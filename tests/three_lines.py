"""Commands that are refused in three lines: what, where and the remedy."""

import re

from seewhy.cli.main import main

SEVERAL = re.compile(r"seewhy: \S.*\n(?:   *\S.*\n)*?  where:  \S.*\n  remedy: \S.*\n")
"""As they are printed of one fault or of several, a line each."""
LINES = re.compile(r"seewhy: (\S.*)\n  where:  (\S.*)\n  remedy: (\S.*)\n")


def cases(table):
    """Triples of a table: what is given, what is said of it, and the remedy."""
    words = [line.strip() for line in table.strip().splitlines()]
    return list(zip(words[::3], words[1::3], words[2::3], strict=True))


def refused(words, fact, remedy, capsys):
    """The first line of what is said of a command that is refused, and what it printed before."""
    assert main(words) == 2
    said = capsys.readouterr()
    lines = LINES.fullmatch(said.err)
    assert lines, said.err
    assert fact in lines[1], said.err
    assert remedy in lines[3], said.err
    return lines[1], said.out

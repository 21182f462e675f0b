"""`seewhy status RUN`: each step of a run, finished, stale, unfinished or waiting, with rows, time and money."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from seewhy.cli.options import require_places, shows_help, take_flag
from seewhy.runs.changes import UnitStatus, is_whole, state_of, state_word, status_of
from seewhy.runs.lock import end_of, writer_of
from seewhy.runs.open import open_run
from seewhy.runs.progress_words import span_of
from seewhy.runs.run import OpenRun

USAGE = "usage: seewhy status RUN [--units] [--json]\n\nEach step of a run; --units tells the parts of steps apart."


def run(words: Sequence[str]) -> int:
    """Print the state of a run; 0 where all steps are finished and none is stale, else 1."""
    if shows_help(words, USAGE):
        return 0
    as_json, rest = take_flag(words, "--json")
    by_unit, rest = take_flag(rest, "--units")
    require_places(rest, "status", "a run")
    opened = open_run(Path(rest[0]))
    units = status_of(opened)
    shown = units if by_unit else list(_by_step(opened, units))
    whole = is_whole(units)
    writer, end = writer_of(opened.root), "" if whole else end_of(opened.root)
    if as_json:
        print(json.dumps({"writer": writer, "end": end, "units": [asdict(one) for one in units]}, indent=1))
    else:
        _show(Console(), shown, writer, end)
    return int(not whole)


def _by_step(opened: OpenRun, units: Sequence[UnitStatus]) -> Iterator[UnitStatus]:
    for step in opened.steps():
        own = [one for one in units if one.step == step]
        if own:
            why = dict.fromkeys(line for one in own for line in one.why)
            yield UnitStatus(
                ref=step, step=step, state=state_of(own), why=tuple(why),
                rows=sum(one.rows for one in own), seconds=sum(one.seconds for one in own),
                dollars=sum(one.dollars for one in own),
            )  # fmt: skip


def _show(console: Console, shown: Sequence[UnitStatus], writer: str, end: str) -> None:
    table = Table("step", "state", "rows", "time", "dollars", box=SIMPLE_HEAD if console.is_terminal else None)
    for one in shown:
        state = state_word(one.state, writer)
        money = f"{one.dollars:,.2f}" if one.dollars else ""
        table.add_row(one.ref, state, f"{one.rows:,}" if one.rows else "", span_of(one.seconds), money)
    console.print(table)
    if writer:
        console.print(f"being written by {writer}", highlight=False)
    if end:
        console.print(f"stopped {end}", highlight=False, markup=False, soft_wrap=True)
    for one in shown:
        for line in one.why:
            console.print(f"{one.ref} is stale: {line}", highlight=False, markup=False, soft_wrap=True)

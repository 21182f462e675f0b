"""`seewhy diff RUN RUN`: differing settings, rows and results of two runs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from seewhy.cli.options import take_flag, take_option
from seewhy.report.words import say_percent, say_points
from seewhy.runs.open import open_run
from seewhy.workbench.diff import RunDiff, UnitPair, diff_runs

USAGE = """usage: seewhy diff RUN RUN [--pair STEP=STEP ...] [--all] [--json]

Settings that differ, by step; rows and counts that differ; accuracy of both runs, and its difference on the questions
that both asked, paired, with its 95 % interval.

  --pair STEP=STEP   a step of the first run and the one of the second that is compared with it, such as dpo=mpo
  --all              units whose rows are the same too
  --json             one JSON object

Exit status: 0 where nothing differs, 1 where something does, 2 where a run cannot be opened."""


def run(words: Sequence[str]) -> int:
    """Print the differences of two runs; 1 where there is one."""
    if {"--help", "-h"} & set(words):
        print(USAGE)
        return 0
    as_json, rest = take_flag(words, "--json")
    shows_all, rest = take_flag(rest, "--all")
    given, rest = take_option(rest, "--pair")
    if len(rest) != 2 or any(word.startswith("-") for word in rest):
        raise ValueError(f"seewhy diff needs two runs\n\n{USAGE}")
    if any(pair.count("=") != 1 for pair in given):
        raise ValueError("--pair needs STEP=STEP, such as --pair dpo=mpo")
    pairs = [pair.partition("=") for pair in given]
    found = diff_runs(open_run(Path(rest[0])), open_run(Path(rest[1])), {left: right for left, _, right in pairs})
    if as_json:
        print(json.dumps(asdict(found), indent=1))
    else:
        console = Console()
        for line in lines_of(found, shows_all):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    return int(bool(found.settings) or any(not unit.is_same for unit in found.units))


def lines_of(found: RunDiff, shows_all: bool) -> Iterator[str]:
    """The differences in words."""
    yield "settings" if found.settings else "settings: all equal"
    for one in found.settings:
        yield f"  {f'{one.step}.' if one.step else ''}{one.field}: {_shown(one.first)} | {_shown(one.second)}"
    units = [unit for unit in found.units if shows_all or not unit.is_same]
    yield "rows" if units else "rows: all equal"
    yield from (f"  {line}" for line in map(_unit_line, units))
    if found.results:
        yield "results, second minus first"
    for one in found.results:
        line = f"  {one.ref}: {say_percent(one.first.value)} | {say_percent(one.second.value)}"
        if one.paired is not None:
            change = one.paired
            line += f", {say_points(change.difference)} ({say_points(change.low)} to {say_points(change.high)}"
            line += f", p = {change.p_value:.3g}; {change.gained} gained, {change.lost} lost of {change.n:,})"
        yield line + (f"; {one.unequal:,} questions are not the same in both" if one.unequal else "")
    for one in found.losses:
        yield f"  {one.ref}: loss {one.first:.4g} | {one.second:.4g}, after {one.steps[0]:,} | {one.steps[1]:,} steps"


def _shown(value: object) -> str:
    return "not set" if value is None else json.dumps(value)


def _unit_line(unit: UnitPair) -> str:
    states = [
        f"{one.state.value}, {one.rows:,} rows" if one else "not in this run" for one in (unit.first, unit.second)
    ]
    line = f"{unit.ref}: {states[0]} | {states[1]}"
    counted = [f"{name} {first} | {second}" for name, (first, second) in unit.counts.items() if name != "rows"]
    return f"{line}; {', '.join(counted)}" if counted else line

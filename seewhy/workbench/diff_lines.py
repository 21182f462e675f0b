"""The differences of two runs as lines of text."""

import json
from collections.abc import Iterator

from seewhy.report.words import say_percent, say_points
from seewhy.workbench.diff import RunDiff, UnitPair


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
    counted = [
        f"{name} {first or 0} | {second or 0}" for name, (first, second) in unit.counts.items() if name != "rows"
    ]
    return f"{line}; {', '.join(counted)}" if counted else line

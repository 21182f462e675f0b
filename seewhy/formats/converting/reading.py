"""Rows of sources as examples, each checked, or what is wrong with it; counts of both."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from seewhy.benchmarks.lines.fields import split_of
from seewhy.formats.api import Source
from seewhy.formats.converting.sources import read_raw
from seewhy.formats.pictures.finding import PictureFinder
from seewhy.formats.rows.example import Example
from seewhy.formats.rows.faults import RowError
from seewhy.formats.rows.raw import RawRow
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.checks import check_example

SPLIT = re.compile(r"(train|test|validation|valid|val|dev)(?![a-z])")
"""How names of files and folders say of which split their rows are."""
LONGEST = 500_000
"""Characters of a text, unless the user says otherwise: some 125,000 tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """How rows are read."""

    pictures: tuple[Path, ...] = ()
    """Folders and archives of the pictures; none takes the folder of each file."""
    fetch: Callable[[str], bytes] | None = None
    """How pictures behind URLs are fetched; None refuses them."""
    longest: int = LONGEST
    """Characters of a text, at most."""
    by_content: bool = False
    """Whether ids of rows and questions are left aside."""
    seed: int = 0
    """By which a share of a set is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One row: what it says, or its fault."""

    raw: RawRow
    example: Example | None = None
    fault: RowError | None = None
    times: int = 1
    """How often it is taken."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the rows."""

    read: int = 0
    kept: int = 0
    written: int = 0
    bad: int = 0
    undrawn: int = 0
    """Good rows that a share below 1 left out."""
    repeated: int = 0
    """Rows whose id was there before with the same content."""
    placed: int = 0
    """Rows with pictures and without marks."""
    reasons: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    """Reason to the first row that was refused for it, with file, row and remedy."""
    notes: Counter[str] = field(default_factory=Counter)
    """What the user should know of rows that were written, with their number."""

    def refuse(self, place: str, fault: RowError, count: int = 1) -> None:
        """Count a row that is refused."""
        self.bad += count
        self.reasons[fault.reason.value] += count
        self.first.setdefault(fault.reason.value, f"{place}: {fault}")

    def as_json(self) -> Mapping[str, object]:
        """For files and `--json`."""
        return {
            "read": self.read, "kept": self.kept, "written": self.written, "bad": self.bad, "undrawn": self.undrawn,
            "repeated": self.repeated, "pictures placed in front": self.placed, "reasons": dict(self.reasons),
            "first": self.first, "notes": dict(self.notes),
        }  # fmt: skip


def read_sources(sources: Sequence[Source], plan: ReadPlan, tally: Tally) -> Iterator[Found]:
    """The rows of all sources, in order; good and bad ones are counted in `tally.read`."""
    splits = {split_of(name): name for source in sources if (name := _split_in(source.path))}
    if len(splits) > 1:
        names = " and ".join(sorted(splits.values()))
        tally.notes[f"rows of {names} are put together; convert each by itself to keep them apart"] += 1
    for source in sources:
        finder = PictureFinder(plan.pictures or (source.root,), plan.fetch)
        draw = _draw(source, plan.seed, tally)
        with closing(finder):
            for raw in read_raw(source.path):
                tally.read += raw.count
                yield _read(source, raw, finder, plan, next(draw) if draw and raw.fault is None else 1)
    for reader in {id(source.reader): source.reader for source in sources}.values():
        for raw in reader.rest():
            tally.read += raw.count
            yield Found(raw=raw, fault=raw.fault)


def _split_in(path: Path) -> str:
    """The name of a split that a file's name, or that of its folder, begins with; empty where neither says one."""
    found = SPLIT.match(path.name.lower()) or SPLIT.match(path.parent.name.lower())
    return found[1] if found else ""


def _read(source: Source, raw: RawRow, finder: PictureFinder, plan: ReadPlan, times: int) -> Found:
    if raw.fault is not None:
        return Found(raw=raw, fault=raw.fault)
    try:
        row = Row(place=raw.place, fields=raw.fields, pictures=finder, longest=plan.longest)
        example = source.reader.parse(row)
        check_example(example)
    except RowError as fault:
        return Found(raw=raw, fault=fault)
    if plan.by_content:
        example = replace(example, name="", question="")
    return Found(raw=raw, example=example, times=times)


def _draw(source: Source, seed: int, tally: Tally) -> Iterator[int] | None:
    """How often each row of a source is taken; None where each is taken once and nothing need be counted."""
    if source.times == 1.0 and source.expected is None:
        return None
    count = sum(1 for raw in read_raw(source.path) if raw.fault is None)
    if source.expected not in (None, count):
        tally.notes[f"{source.path} is listed with {source.expected:,} rows and has {count:,}"] += 1
    return _times(count, source.times, Random(f"{seed}/{source.path.name}"))


def _times(count: int, times: float, rng: Random) -> Iterator[int]:
    """For each of `count` rows the whole part of `times`, and one more for the rows that are drawn.

    Exactly the nearest whole number of rows are drawn, all alike likely (Knuth, algorithm S).

    Example:
        >>> list(_times(4, 2.0, Random(0))), sum(_times(10, 0.3, Random(0)))
        ([2, 2, 2, 2], 3)
    """
    whole = int(times)
    wanted = round((times - whole) * count)
    for number in range(count):
        is_drawn = rng.random() * (count - number) < wanted
        wanted -= is_drawn
        yield whole + is_drawn

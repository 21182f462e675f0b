"""The runs that are looked at: their units of rows, told apart by the columns that they hold."""

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from seewhy.records.lineage import MANIFEST, read_manifest
from seewhy.records.marks import CAME_LATER
from seewhy.records.measures import CurvePoint
from seewhy.records.ranked import RankedGroup
from seewhy.records.rollouts import RewardRow, TrainedRollout
from seewhy.records.shards import count_rows, is_shard_name, shard_numbers, shard_paths
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import Chain, Lesson, Pair, Question, ScoredChain, Verdict
from seewhy.runs.open import open_run
from seewhy.runs.run import OpenRun
from seewhy.runs.yaml_text import RECIPE_FILE
from seewhy.view.outside import Outside

KINDS: Mapping[str, type[Any]] = {
    "questions": Question, "chains": Chain, "verdicts": Verdict, "pairs": Pair, "lessons": Lesson,
    "credit": TokenCredit, "scores": ScoredChain,
    "groups": RankedGroup, "curves": CurvePoint, "rewards": RewardRow, "trained": TrainedRollout,
}  # fmt: skip
"""Records that pages know, by the name of their page where they have one."""
ANNOTATIONS, DRAWN, RANKED, PREFERRED = (
    "annotations", "annotations-drawn", "annotations-ranked", "annotations-preferred"
)  # fmt: skip
"""Folders of a run with what a person said in the viewer: of chains with verdicts in sight, of chains that were drawn
by a rule and seen without them, orders of a question's chains, and preferences between two that were drawn."""
SEEN = "-seen"
"""What the folder of the chains that a person has seen ends with, beside that of the verdicts."""
BLIND = (DRAWN, PREFERRED)
"""Those whose rows were given without verdicts in sight."""
OUTSIDE = "from-outside"
"""What the names of units begin with that are not in the run's folder."""
ROLLOUTS = "rollouts"
"""Within an online training: the folder of its rounds."""
ROUND = "round-"
"""What the name of a round's folder begins with."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A folder of rows within a run.

    Example:
        >>> Unit(ref="test/sft/reason/chains", folder=Path("run/test/sft/reason/chains"), kind="chains", rows=9).parent
        'test/sft/reason'
    """

    ref: str
    """Its path within the run."""
    folder: Path
    kind: str
    """A name of `KINDS`, or "rows"."""
    rows: int

    @property
    def parent(self) -> str:
        """The step or part that contains it; empty for a step of one part."""
        return self.ref.rpartition("/")[0]

    @property
    def files(self) -> str:
        """What DuckDB reads: signs of a pattern in the folder's name are escaped."""
        return f"{glob.escape(str(self.folder))}/part-*.parquet"


class Shelf:
    """The units of one run, as they were on disk when a page last looked."""

    def __init__(self, root: Path) -> None:
        """`root` is a run's directory.

        Raises:
            ValueError: it holds no rows.
        """
        self.root = root.resolve()
        self.units: Mapping[str, Unit] = {}
        """Every folder of rows, by its path within the run, in the order of the recipe where there is one."""
        self._known: dict[Path, tuple[float, Unit]] = {}
        """What each folder held, and when it was last written to."""
        self._outside = Outside()
        self._taken: dict[Path, str] = {}
        """Folders of units from outside the run's folder, and their names."""
        self.look_again()
        if not self.units:
            raise ValueError(f"{root} is no run with rows: give a directory that `seewhy run` has written, or a folder "
                             f"above steps with {MANIFEST}")  # fmt: skip
        if not self.run:  # questions from outside are units of such a folder too
            for unit in self.of_kind("chains"):
                self.origin(unit.ref, "questions")

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.root.name

    def look_again(self) -> None:
        """Find the units that are there now: once for each page."""
        self._outside.look_again()
        found = [unit for folder in self._folders() if (unit := self._unit(folder)) is not None]
        order = {name: number for number, name in enumerate(self.steps)}
        found.sort(key=lambda unit: (order.get(unit.ref.split("/")[0], len(order)), unit.ref))
        there = [folder for folder in list(self._taken) if shard_numbers(folder)]
        found += [unit for folder in there if (unit := self._unit(folder)) is not None]
        self.units = {unit.ref: unit for unit in found}

    def _folders(self) -> Iterator[Path]:
        """Folders of rows but those of rounds, which are not walked through, and of chains that a person has seen."""
        for place, below, names in os.walk(self.root):
            folder = Path(place)
            if folder.name == ROLLOUTS:
                below[:] = [name for name in below if not name.startswith(ROUND)]
            is_seen = folder.name.endswith(SEEN) and is_annotated(str(folder.relative_to(self.root)))
            if not is_seen and any(map(is_shard_name, names)):
                _require_readable(folder)
                yield folder

    @cached_property
    def run(self) -> OpenRun | None:
        """The run as its recipe says it; None where the folder has none that can be opened."""
        return open_run(self.root) if (self.root / RECIPE_FILE).is_file() else None

    @cached_property
    def _nodes(self) -> Mapping[Path, str]:
        """The recipe's units by their folders."""
        return {self.run.place(node): node for node in self.run.nodes} if self.run else {}

    @property
    def steps(self) -> Sequence[str]:
        """The steps' names in the recipe's order; empty where the run has no recipe."""
        return self.run.steps() if self.run else ()

    def origin(self, ref: str, kind: str) -> Unit | None:
        """The unit of a kind from which the rows of `ref` follow; without a recipe the one beside it.

        Rows of a round follow from what its training does.
        """
        units, ref = self.units, ref.partition(f"/{ROLLOUTS}/")[0]
        if self.run:
            node = self._nodes.get(self.root / ref)
            try:
                found = self.run.origin(node, KINDS[kind]) if node else ""
            except (ValueError, LookupError):
                found = ""
            if found and self.run.place(found).is_relative_to(self.root):
                return units.get(str(self.run.place(found).relative_to(self.root)))
            if found and (there := self._outside.rows_at(self.run.place(found))):
                return self._from_outside(there)
        elif there := self._outside.behind(self.root / ref, KINDS[kind].__name__):
            inside = str(there.relative_to(self.root)) if there.is_relative_to(self.root) else ""
            return units.get(inside) or self._from_outside(there)
        parent = ref.rpartition("/")[0]
        beside = [unit for unit in units.values() if unit.kind == kind and unit.parent == parent]
        every = [unit for unit in units.values() if unit.kind == kind]
        return beside[0] if beside else every[0] if len(every) == 1 else None

    def _from_outside(self, folder: Path) -> Unit | None:
        """A unit of rows that are not in the run's folder, which pages show like those that are."""
        known = next((unit for unit in self.units.values() if unit.folder == folder), None)
        if known is None and (unit := self._unit(folder)) is not None:
            self._taken[folder] = unit.ref
            self.units = {**self.units, unit.ref: unit}
            return unit
        return known

    def reads(self, ref: str) -> Sequence[str]:
        """The units that one follows from; none where the run has no recipe."""
        node = self._nodes.get(self.root / ref)
        return sorted(set(self.run.reads(self.run.nodes[node]).values())) if self.run and node else ()

    def judged(self, chains: str) -> list[Unit]:
        """The units of verdicts on these chains, those of a person last."""
        found = [unit for unit in self.of_kind("verdicts") if (on := self.chains_of(unit)) and on.ref == chains]
        return sorted(found, key=lambda unit: is_annotated(unit.ref))

    def chains_of(self, verdicts: Unit) -> Unit | None:
        """The chains that verdicts are about."""
        if is_annotated(verdicts.ref):
            return self.units.get(verdicts.ref.partition("/")[2])
        return self.origin(verdicts.ref, "chains")

    def is_drawn(self, ref: str) -> bool:
        """Whether verdicts are a person's on chains that were drawn by a rule, given without others in sight."""
        return ref.partition("/")[0] in BLIND

    def rounds(self, training: str) -> list[Path]:
        """The folders of the rounds of an online training, in order; empty for others, and outside of the run."""
        folder = Path(os.path.normpath(self.root / training / ROLLOUTS))
        return sorted(folder.glob(f"{ROUND}*")) if folder.is_relative_to(self.root) else []

    def parts(self, round_folder: Path) -> Mapping[str, Unit]:
        """The units of a round by kind."""
        units = [self._unit(one) for one in round_folder.iterdir() if shard_numbers(one)]
        return {unit.kind: unit for unit in units if unit}

    def unit_of_round(self, ref: str) -> Unit | None:
        """A unit within a round of an online training, which `units` leaves out; None where `ref` names none."""
        training, _, rest = ref.partition(f"/{ROLLOUTS}/")
        folders = [folder for folder in self.rounds(training) if folder.name == rest.partition("/")[0]]
        return next((unit for folder in folders for unit in self.parts(folder).values() if unit.ref == ref), None)

    def counts(self, ref: str) -> Mapping[str, int]:
        """What a finished unit has counted; empty before it is finished."""
        folder = self.root / ref
        return read_manifest(folder).counts if (folder / MANIFEST).is_file() else {}

    def trainings(self) -> list[str]:
        """Steps that have logged training steps."""
        return [str(path.parent.relative_to(self.root)) for path in sorted(self.root.glob("*/steps.jsonl"))]

    def of_kind(self, kind: str) -> list[Unit]:
        """The units of a kind."""
        return [unit for unit in self.units.values() if unit.kind == kind]

    def _unit(self, folder: Path) -> Unit | None:
        """What a folder holds; None where it has just been removed."""
        try:
            written = folder.stat().st_mtime
        except FileNotFoundError:
            return None
        known = self._known.get(folder)
        if known is None or known[0] != written:
            names = set(pq.read_schema(shard_paths(folder)[0]).names)
            unit = Unit(self._ref_of(folder), folder, _kind_of(names), count_rows(folder))
            known = self._known[folder] = (written, unit)
        return known[1]

    def _ref_of(self, folder: Path) -> str:
        if folder.is_relative_to(self.root):
            return str(folder.relative_to(self.root))
        if folder in self._taken:
            return self._taken[folder]
        ref = f"{OUTSIDE}/{folder.name}"
        return ref if ref not in self._taken.values() else f"{OUTSIDE}/{len(self._taken)}/{folder.name}"


def _require_readable(folder: Path) -> None:
    """ValueError where a folder's name holds bytes that are no UTF-8: neither Parquet's readers nor links take them."""
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{str(folder)!a}: the name of this folder holds bytes that are no UTF-8, and its rows cannot "
                         "be read: rename it") from error  # fmt: skip


def is_annotated(ref: str) -> bool:
    """Whether rows are what a person said in the viewer."""
    return ref.partition("/")[0] in {ANNOTATIONS, DRAWN, RANKED, PREFERRED}


def _kind_of(names: set[str]) -> str:
    """The record whose fields hold all the columns and whose needed fields are all there; "rows" where none fits."""
    for kind, record in KINDS.items():
        needed = {one.name for one in fields(record) if one.default is MISSING or CAME_LATER not in one.metadata}
        if needed <= names <= {one.name for one in fields(record)}:
            return kind
    return "rows"

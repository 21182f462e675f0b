"""What the rows of a unit follow from, and its fingerprint: settings, and the content of what it reads."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast, get_type_hints

from seewhy.records.canonical import as_plain, flatten_plain, is_left_out
from seewhy.records.files import hash_file
from seewhy.records.lineage import MANIFEST, fingerprint_of
from seewhy.runs.api import ModelKind, PageStage, RowStage
from seewhy.runs.choice import Choice, layer_of, plain_choice
from seewhy.runs.discovery import unplaced
from seewhy.runs.graph import Node
from seewhy.runs.plan_file import SOURCES, Source, read_plan, source_of, write_plan
from seewhy.runs.recipe_text import stage_name
from seewhy.runs.run import OpenRun

ABSENT = "absent"
REPORT = Path(__file__).parents[1] / "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpec:
    """All that the rows or the model of a unit follow from.

    Example:
        >>> StepSpec(stage="sample", version=1, record="Chain", per_shard=64, settings={"seed": 0}, models={},
        ...          inputs={}).per_shard
        64
    """

    stage: str
    version: int
    """Of the stage's rows."""
    record: str
    """Name of the record that it writes; `model` for a training."""
    per_shard: int
    settings: Mapping[str, object]
    models: Mapping[str, str]
    """Field to the name that a model has in rows."""
    inputs: Mapping[str, str]
    """Field to the hash of what is read."""

    @property
    def fingerprint(self) -> str:
        """SHA-256; equal for equal specs."""
        return fingerprint_of(self, self.inputs)

    @property
    def plain(self) -> dict[str, object]:
        """As it is written beside the rows."""
        return {one.name: as_plain(getattr(self, one.name), one.name) for one in fields(self)}


def spec_of(run: OpenRun, node: Node) -> StepSpec:
    """The spec of a unit; what it reads must be finished."""
    unit, reads = node.unit, run.reads(node)
    wants = {need.field: need.wants for need in unit.needs()}
    models = {name: ref for name, ref in reads.items() if isinstance(wants.get(name.split(" ")[0]), ModelKind)}
    return StepSpec(
        stage=stage_of(unit),
        version=unit.version,
        record=unit.rows.__name__ if isinstance(unit, RowStage) else "model",
        per_shard=unit.block_size() if isinstance(unit, RowStage) else 0,
        settings={**settings_of(unit, set(wants)), **unit.follows(), **_compute(run, node)},
        models=models,
        inputs={name: run.identity(ref) for name, ref in reads.items()},
    )


def page_spec(run: OpenRun, node: Node, finished: Sequence[str]) -> StepSpec:
    """What a page follows from: its settings and what it reads; of one that shows steps, each of them and our code."""
    unit, reads = node.unit, run.reads(node)
    own = {**settings_of(unit, {need.field for need in unit.needs()}), **unit.follows()}
    inputs = {name: run.identity(ref) for name, ref in reads.items()}
    if isinstance(unit, PageStage) and not unit.shows_steps:
        return StepSpec(stage=stage_of(unit), version=unit.version, record="page", per_shard=0, settings=own,
                        models={}, inputs=inputs)  # fmt: skip
    units = [other.ref for other in run.nodes.values() if other.step in finished and run.is_done(other.ref)]
    code = sorted(path for path in REPORT.rglob("*") if path.suffix in (".py", ".jinja", ".css"))
    return StepSpec(
        stage=stage_of(unit), version=unit.version, record="page", per_shard=0, models={},
        settings={**own, "steps": list(finished), "code": [hash_file(path) for path in code]},
        inputs={**inputs, **{ref: hash_file(run.place(ref) / MANIFEST) for ref in units}},
    )  # fmt: skip


def stage_of(unit: object) -> str:
    """Name of a unit's class, with the hash of its source where it comes from outside the package."""
    kind = type(unit)
    if kind.__module__.startswith("seewhy."):
        return f"{kind.__module__.removeprefix('seewhy.')}.{kind.__name__}"
    return f"{unplaced(stage_name(unit))} {hash_file(Path(inspect.getfile(kind)))}"


def settings_of(unit: object, references: set[str]) -> dict[str, object]:
    """The compared fields of a unit that are no references, choices with the source of outside code.

    Settings that came later are marked `RARE`: at their defaults they change no fingerprint.
    """
    hints = get_type_hints(type(unit), include_extras=True)
    found: dict[str, object] = {}
    for one in fields(cast(Any, unit)):
        if one.compare and one.name not in references and not is_left_out(unit, one):
            value = getattr(unit, one.name)
            found[one.name] = _plain(value, hints[one.name])
    return found


def _plain(value: object, hint: object) -> object:
    if isinstance(value, Choice):
        return plain_choice(value, layer_of(hint))
    if isinstance(value, Mapping):
        return {name: _plain(held, hint) for name, held in cast(Mapping[str, object], value).items()}
    return value


def _compute(run: OpenRun, node: Node) -> dict[str, object]:
    """Precision of local models, where it is not the usual one."""
    usual = type(run.compute)()
    return {"compute": run.compute} if run.uses_weights(node) and run.compute != usual else {}


def read_spec(folder: Path) -> dict[str, object] | None:
    """The spec that is written in a folder; None where there is none. ValueError where the file is damaged."""
    found = read_plan(folder)
    return None if found is None else {name: value for name, value in found.items() if name != SOURCES}


def write_spec(folder: Path, spec: StepSpec, sources: Sequence[Source] = ()) -> None:
    """Write the spec into a folder, with where its inputs are; the first file of a unit."""
    write_plan(folder, spec.plain, sources)


def sources_of(run: OpenRun, node: Node) -> list[Source]:
    """The rows that a unit reads, and where they are."""
    folder = run.place(node.ref)
    wants = {need.field: need.wants for need in node.unit.needs()}
    rows = {name: (ref, wants[name.split(" ")[0]]) for name, ref in run.reads(node).items()}
    return [
        source_of(name, want.__name__, run.place(ref), folder, run.identity(ref))
        for name, (ref, want) in rows.items() if not isinstance(want, ModelKind)
    ]  # fmt: skip


def differences(folder: Path, spec: StepSpec) -> list[str]:
    """How the spec of a folder differs from another one, by field; empty where they are equal or there is none."""
    written = read_spec(folder)
    if written is None:
        return []
    there, here = flatten_plain(written), flatten_plain(spec.plain)
    names = [name for name in sorted(there.keys() | here.keys()) if there.get(name, ABSENT) != here.get(name, ABSENT)]
    return [f"{name} is {there.get(name, ABSENT)!r} there and {here.get(name, ABSENT)!r} here" for name in names]

"""Opens a run's directory for a recipe; checks of a recipe and of the machine before its steps run."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from seewhy.records.files import write_text_atomically
from seewhy.runs.api import RowStage, TrainStage
from seewhy.runs.discovery import call_part
from seewhy.runs.graph import Node
from seewhy.runs.lock import LOCK
from seewhy.runs.machine import Machine
from seewhy.runs.plan_file import PLAN
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import find_recipe, recipe_text
from seewhy.runs.run import OpenRun
from seewhy.runs.runner_plan import call_ray
from seewhy.runs.structure import structure, unstructure
from seewhy.runs.yaml_text import RECIPE_FILE, dump_yaml, read_yaml
from seewhy.training.parallel.plan import SHARDED

MACHINE_FILE = "machine.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Which steps of a recipe are run."""

    first: str = ""
    """The first step; empty begins at the beginning."""
    last: str = ""
    """The last step; empty goes to the end."""
    only: str = ""
    """The only step."""
    remake: bool = False
    """Make finished steps anew where what they follow from has changed."""
    preflight: bool = True
    """Look ahead before anything is drawn or paid for: models open, questions encode, servers answer."""
    reuse: tuple[Path, ...] = ()
    """Runs whose finished steps are taken over where they are the same."""


ALL = Extent()
"""Every step."""


def nodes_within(run: OpenRun, extent: Extent) -> list[Node]:
    """The units of the steps that are run.

    Raises:
        ValueError: there is no such step.
    """
    steps = list(run.recipe.steps)
    for option, name in (("--from", extent.first), ("--until", extent.last), ("--only", extent.only)):
        if name and name not in steps:
            raise ValueError(f"{option} {name}: there is no such step; there are {', '.join(steps)}")
    first = steps.index(extent.only or extent.first) if extent.only or extent.first else 0
    last = steps.index(extent.only or extent.last) if extent.only or extent.last else len(steps) - 1
    return [node for node in run.nodes.values() if first <= steps.index(node.step) <= last]


def write_recipe(run: OpenRun) -> None:
    """Write the recipe and the machine of a run into its directory."""
    write_if_changed(run.root / RECIPE_FILE, recipe_text(run.recipe))
    write_if_changed(run.root / MACHINE_FILE, dump_yaml(unstructure(run.machine)))


def write_if_changed(path: Path, text: str) -> None:
    """Write a file, whole or not at all; one that holds this text is left alone."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text_atomically(path, text)


def require_own(run: OpenRun, out: Path) -> None:
    """Refuse a folder with other files: what a changed setting makes stale is taken away, whatever it is."""
    others = [path.name for path in out.iterdir() if path.name != LOCK] if out.is_dir() else []
    if others and not any((run.place(ref) / PLAN).is_file() for ref in run.nodes):
        raise ValueError(f"{out} holds other files, such as {min(others)}: choose a folder of its own for --out")


def require_machine(run: OpenRun, nodes: Sequence[Node]) -> None:
    """Refuse a device or a precision that this machine does not have, where a local model is computed.

    Nor are weights of 4 bits sharded: bitsandbytes keeps them as uint8, and a shard of those loses how it is read.
    """
    is_training = any(isinstance(node.unit, TrainStage) for node in nodes)
    if run.machine.report_to and is_training:
        call_part("training", "trackers", "require_trackers", run.machine.report_to)
    shard = run.machine.shard.of_launcher(os.environ)
    if run.compute.load_in_4bit and shard.kind == SHARDED and is_training:
        raise ValueError(
            "compute.load_in_4bit: weights of 4 bits are stored in uint8, and FSDP2 would shard them without what says "
            "how they are read; set machine.shard.kind to copies (DDP), or leave load_in_4bit away and take bf16"
        )
    if run.machine.runner.is_ray and any(isinstance(node.unit, RowStage) for node in nodes):
        call_ray("ray_cluster", "require_cluster", run.machine.runner)
    # Row stages on Ray are computed elsewhere: their actors look for themselves.
    here = [node for node in nodes if not (run.machine.runner.is_ray and isinstance(node.unit, RowStage))]
    if run.compute.is_demanding and any(run.uses_weights(node) for node in here):
        call_part("model.loading", "opening", "require_machine", run.compute)


def require_steps(recipe: Recipe, names: Iterable[str] | None = None) -> None:
    """Make on trial what the settings of these steps, or of all, stand for.

    Raises:
        ValueError: with the step.
    """
    faults: list[str] = []
    for name in recipe.steps if names is None else names:
        try:
            recipe.steps[name].require(recipe.compute)
        except ValueError as error:
            faults.append(f"step {name}: {error}")
    if faults:
        raise ValueError("\n".join(faults))


def open_run(root: Path) -> OpenRun:
    """A run that is there, to look at.

    Raises:
        ValueError: there is none, or its recipe is damaged.
    """
    saved = root / RECIPE_FILE
    if not saved.is_file():
        raise ValueError(f"{root} holds no run: it has no {RECIPE_FILE}; name a folder that `seewhy run` has written")
    recipe, _ = find_recipe(str(saved))
    return OpenRun(root=root.resolve(), recipe=recipe, machine=read_machine(root))


def read_machine(root: Path) -> Machine:
    """The machine with which a run was last gone on with."""
    path = root / MACHINE_FILE
    return structure(read_yaml(path) or {}, Machine, str(path)) if path.is_file() else Machine()

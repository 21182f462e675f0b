"""How far a run has come, and which finished units a changed recipe, input or file makes stale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from seewhy.records.lineage import MANIFEST, read_manifest
from seewhy.records.step_logs import read_steps
from seewhy.report.inputs import Section
from seewhy.runs.api import PageStage, TrainStage
from seewhy.runs.blocks import sum_blocks
from seewhy.runs.fingerprints import differences, spec_of
from seewhy.runs.graph import Node, followers
from seewhy.runs.plan_file import PLAN
from seewhy.runs.run import OpenRun


class State(StrEnum):
    """Of a unit of work."""

    WAITING = "waiting"
    STOPPED = "unfinished"
    FINISHED = "finished"
    STALE = "stale"


RUNNING = "running"
"""What a person reads of a unit that is being written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStatus:
    """One unit: its state, why it is stale, what it holds and what it took."""

    ref: str
    step: str
    state: State
    why: tuple[str, ...] = ()
    """Fields that differ, each with the value there and the value here; of a follower, what it follows from."""
    rows: int = 0
    seconds: float = 0.0
    dollars: float = 0.0
    finished_at: str = ""


def state_word(state: State, writer: str) -> str:
    """A state as a person reads it: what is unfinished while a process writes in the run is running.

    Example:
        >>> state_word(State.STOPPED, "process 7 on here"), state_word(State.STOPPED, ""), state_word(State.STALE, "x")
        ('running', 'unfinished', 'stale')
    """
    return RUNNING if writer and state is State.STOPPED else state.value


def status_of(run: OpenRun) -> list[UnitStatus]:
    """Every unit of a run, in order; pages are left out, for they hold no rows."""
    found: dict[str, UnitStatus] = {}
    for node in run.nodes.values():
        if not isinstance(node.unit, PageStage):
            found[node.ref] = _status(run, node, found)
    return list(found.values())


def _status(run: OpenRun, node: Node, before: dict[str, UnitStatus]) -> UnitStatus:
    folder = run.place(node.ref)
    stale = [ref for ref in run.reads(node).values() if ref in before and before[ref].state is State.STALE]
    waits = [ref for ref in run.reads(node).values() if ref in before and before[ref].state is not State.FINISHED]
    if not (folder / PLAN).is_file():
        return UnitStatus(ref=node.ref, step=node.step, state=State.WAITING)
    why = tuple(f"{ref} is stale" for ref in stale)
    if not waits:
        why = tuple(differences(folder, spec_of(run, node)))
    if (folder / MANIFEST).is_file():
        manifest = read_manifest(folder)
        if any(not (folder / name).is_file() for name in manifest.files):
            return UnitStatus(ref=node.ref, step=node.step, state=State.STOPPED, why=why, rows=0)
        state = State.STALE if why else State.FINISHED if not waits else State.STOPPED
        return UnitStatus(
            ref=node.ref, step=node.step, state=state, why=why, rows=manifest.counts["rows"], seconds=manifest.seconds,
            dollars=manifest.dollars, finished_at=manifest.finished_at,
        )  # fmt: skip
    if isinstance(node.unit, TrainStage):
        logs = read_steps(folder / "steps.jsonl")
        return UnitStatus(ref=node.ref, step=node.step, state=State.STOPPED, why=why, rows=len(logs),
                          seconds=sum(log.seconds for log in logs))  # fmt: skip
    sums = sum_blocks(folder)
    return UnitStatus(ref=node.ref, step=node.step, state=State.STOPPED, why=why, rows=sums.rows, seconds=sums.seconds,
                      dollars=sums.dollars)  # fmt: skip


def readable_steps(run: OpenRun) -> list[str]:
    """Steps whose rows can be shown: all units are finished.

    A unit without a folder whose rows a finished unit has read is not waited for: the stage had no such unit in the
    version that made the run.
    """
    finished = [node for node in run.nodes.values() if run.is_done(node.ref)]
    done = {node.ref for node in finished}
    later = {ref for node in finished for ref in run.reads(node).values()
             if ref in run.nodes and not run.place(ref).exists()}  # fmt: skip
    return [
        step for step in run.steps() if done.intersection(units := run.units_of(step)) and done | later >= set(units)
    ]


def sections_of(run: OpenRun, steps: Iterable[str]) -> dict[str, Section]:
    """What finished steps tell a report, by step; those that tell nothing are left out."""
    found = {name: run.recipe.steps[name].section(run, name) for name in steps}
    return {name: section for name, section in found.items() if section is not None}


def is_whole(units: Iterable[UnitStatus]) -> bool:
    """Whether every unit is finished."""
    return all(one.state is State.FINISHED for one in units)


def state_of(units: Sequence[UnitStatus]) -> State:
    """The state of a step from those of its units: stale where one is, unfinished where they differ."""
    states = {one.state for one in units}
    if len(states) == 1:
        return states.pop()
    return State.STALE if State.STALE in states else State.STOPPED


def steps_to_do(run: OpenRun, units: Sequence[UnitStatus]) -> list[str]:
    """Steps that are not finished as the recipe says them now; those that write pages alone are among them."""
    finished = {one.step for one in units} - {one.step for one in units if one.state is not State.FINISHED}
    return [name for name in run.steps() if name not in finished]


def require_unchanged(run: OpenRun, nodes: Sequence[Node], units: Sequence[UnitStatus]) -> None:
    """Refuse a recipe by which finished steps that others follow from would be made anew.

    A changed step that no other finished step follows from is made anew without a word: a corrected mistake goes on.

    Args:
        run: the run.
        nodes: what is to be run of it.
        units: its `status_of`.

    Raises:
        ValueError: with the fields that changed, what would be made anew and the time that it took.
    """
    status = {one.ref: one for one in units}
    chosen = {node.ref for node in nodes}
    changed = [one for one in status.values() if one.ref in chosen and one.why and one.state is State.STALE
               and not all(line.endswith("is stale") for line in one.why)]  # fmt: skip
    lost = {
        ref for one in changed for ref in followers(run.recipe, run.nodes, one.ref)
        if ref in status and status[ref].step != one.step and status[ref].finished_at
    }  # fmt: skip
    if not lost:
        return
    fields = "; ".join(f"step {one.step}: {'; '.join(one.why[:4])}" for one in changed[:4])
    steps = ", ".join(dict.fromkeys(status[ref].step for ref in status if ref in lost))
    seconds = sum(status[ref].seconds for ref in lost) + sum(one.seconds for one in changed)
    raise ValueError(
        f"{run.root} holds finished steps that follow from what has changed, and nothing in it was touched: {fields}. "
        f"{steps} would be made anew ({seconds:,.0f} s of work). Choose another --run with --reuse {run.root}, or say "
        "--remake"
    )

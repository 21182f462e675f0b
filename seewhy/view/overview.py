"""The page of a run: the graph of its steps, their state and rows, trainings with alarms; beside another run's."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import QueryParams

from seewhy.runs.changes import UnitStatus, is_whole, state_of, state_word, status_of
from seewhy.runs.recipe_text import stage_name
from seewhy.view.contexts import Context, Looks
from seewhy.view.graph import Drawing, Step, draw

PAGED = ("questions", "pairs", "credit", "groups", "curves")
"""Kinds of rows with a page of their own."""


def run(looks: Looks, _ref: str, query: QueryParams) -> Context:
    """The run's units with what they hold, what they follow from, and the state of its steps."""
    shelf, writer = looks.shelf, looks.writer()
    states = states_of(looks)
    beside = query.get("beside", "")
    other = looks.other(beside) if beside else None
    theirs = states_of(other) if other else {}
    return {
        "title": shelf.name, "units": list(shelf.units.values()), "states": states, "paged": PAGED,
        "waiting": [one for ref, one in states.items() if ref not in shelf.units],
        "reads": {ref: shelf.reads(ref) for ref in shelf.units},
        "graph_drawn": graph_of(looks, list(states.values()), writer),
        "firsts": firsts_of(looks, states), "chains_of": chains_of(looks),
        "trainings": {ref: looks.alarms(ref) for ref in shelf.trainings()},
        "counts": {ref: shelf.counts(ref) for ref in shelf.units}, **spent(states),
        "writer": writer, "end": "" if is_whole(states.values()) else looks.end(),
        "words": {ref: state_word(one.state, writer) for ref, one in states.items()},
        "others": looks.others(), "beside": beside,
        "compared": compared((looks, states), (other, theirs)) if other else [], "other": spent(theirs),
        "other_name": other.shelf.name if other else "",
    }  # fmt: skip


def chains_of(looks: Looks) -> Mapping[str, tuple[str, str, str]]:
    """Of units of chains and of verdicts, where their questions are known: the units of questions, chains, verdicts."""
    shelf = looks.shelf
    judged = {one.ref: chains.ref for one in shelf.of_kind("verdicts") if (chains := shelf.chains_of(one)) is not None}
    asked = {one.ref: questions.ref for one in shelf.of_kind("chains")
             if (questions := shelf.origin(one.ref, "questions")) is not None}  # fmt: skip
    first = {chains: verdicts for verdicts, chains in reversed(judged.items())}
    return {
        **{chains: (questions, chains, first.get(chains, "")) for chains, questions in asked.items()},
        **{verdicts: (asked[chains], chains, verdicts) for verdicts, chains in judged.items() if chains in asked},
    }


def states_of(looks: Looks) -> Mapping[str, UnitStatus]:
    """The state of each unit by its folder within the run; empty where the run has no recipe."""
    found = status_of(looks.shelf.run) if looks.shelf.run else ()
    return {one.ref.replace(".", "/", 1): one for one in found}


def spent(states: Mapping[str, UnitStatus]) -> Mapping[str, float]:
    """Seconds and dollars of all units."""
    return {"seconds": sum(one.seconds for one in states.values()),
            "dollars": sum(one.dollars for one in states.values())}  # fmt: skip


def graph_of(looks: Looks, states: Sequence[UnitStatus], writer: str) -> Drawing | None:
    """The graph of the recipe's steps; None where the run has no recipe."""
    run = looks.shelf.run
    if run is None:
        return None
    by_step: defaultdict[str, list[UnitStatus]] = defaultdict(list)
    for one in states:
        by_step[one.step].append(one)
    reads: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for node in run.nodes.values():
        named = (run.nodes[ref].step for ref in run.reads(node).values() if ref in run.nodes)
        reads[node.step].update({step: None for step in named if step in by_step and step != node.step})
    asked = chains_of(looks)
    return draw(
        [Step(name=step, stage=stage_name(run.recipe.steps[step]), state=state_word(state_of(units), writer),
              reads=tuple(reads[step]), to=_page_of(looks, step, asked), query=_query_of(asked, step))
         for step, units in by_step.items()]
    )  # fmt: skip


def _page_of(looks: Looks, step: str, asked: Mapping[str, tuple[str, str, str]]) -> str:
    """A training's curves, the questions of chains or verdicts, the rows of a step with one unit, else its place."""
    if step in looks.shelf.trainings():
        return f"training/{step}"
    if step in asked:
        return f"questions/{asked[step][0]}"
    unit = looks.shelf.units.get(step)
    return f"{unit.kind if unit.kind in PAGED else 'rows'}/{step}" if unit else f"#step-{step}"


def _query_of(asked: Mapping[str, tuple[str, str, str]], step: str) -> Mapping[str, str]:
    return dict(zip(("chains", "verdicts"), asked[step][1:], strict=True)) if step in asked else {}


def firsts_of(looks: Looks, states: Mapping[str, UnitStatus]) -> Mapping[str, str]:
    """The step whose first line in the table each of these units is."""
    shown = [*looks.shelf.units, *(ref for ref in states if ref not in looks.shelf.units)]
    found: dict[str, str] = {}
    for ref in shown:
        found.setdefault(ref.split("/")[0], ref)
    return {ref: step for step, ref in found.items()}


def compared(*sides: tuple[Looks, Mapping[str, UnitStatus]]) -> Sequence[Mapping[str, Any]]:
    """The units of runs and their states, by name: state, rows, seconds, dollars and counts of each."""
    names = dict.fromkeys(ref for one, states in sides for ref in (*states, *one.shelf.units))
    written = [(one, one.writer(), states) for one, states in sides]
    return [{"ref": ref, "sides": [_side(*side, ref) for side in written]} for ref in names]


def _side(looks: Looks, writer: str, states: Mapping[str, UnitStatus], ref: str) -> Mapping[str, Any]:
    unit, state = looks.shelf.units.get(ref), states.get(ref)
    return {
        "state": state_word(state.state, writer) if state else "",
        "rows": unit.rows if unit else state.rows if state else None,
        "seconds": state.seconds if state else None, "dollars": state.dollars if state else None,
        "counts": looks.shelf.counts(ref) if unit or state else {},
    }  # fmt: skip

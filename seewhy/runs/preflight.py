"""A look ahead before anything is drawn or paid for: models open, questions encode, servers answer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from seewhy.endpoints.engine.plan import EnginePlan
from seewhy.model.plan import AdapterPlan
from seewhy.model.weights import weights_place
from seewhy.records.types import Question, Style
from seewhy.runs.api import ModelKind
from seewhy.runs.discovery import call_part, load_part
from seewhy.runs.engines import find_servers, names_at_servers, names_of_refreshed
from seewhy.runs.graph import Node, source
from seewhy.runs.hooks import DrawsByEngine, LooksAhead, Previews, RefreshesEngine, TrainsWeights
from seewhy.runs.machine import ModelSpec
from seewhy.runs.run import OpenRun

ENCODED = 3
"""Questions that each model encodes."""
LOOKED_AT = 64
"""Questions that stages look at."""


def look_ahead(run: OpenRun, nodes: Sequence[Node]) -> Iterator[str]:
    """What a user should know of the units that are still to run, in lines.

    Raises:
        ValueError: something would fail later; every fault, each with model, step or question.
    """
    waiting = [node for node in nodes if not run.is_done(node.ref)]
    names = dict.fromkeys(ref for node in waiting for ref in _models(run, node))
    specs = {name: run.recipe.models[name] for name in names}
    faults: list[str] = []
    for name, spec in specs.items():
        if spec.is_server:
            yield from _asked(name, spec, faults)
    faults += _engine_faults(run, waiting)
    with TemporaryDirectory(prefix="seewhy-") as scratch:
        questions = _previews(run, waiting, Path(scratch))
        for node in waiting:
            faults += _faults_ahead(run, node, questions)
        few = next((rows[:ENCODED] for rows in questions.values() if rows), ())
        for name, spec in specs.items():
            if not spec.is_server:
                trained = [node for node in waiting if _root(run, node) == name]
                faults += _encoded(run, name, few, trained)
    if faults:
        raise ValueError("\n".join(dict.fromkeys(faults)))


def _models(run: OpenRun, node: Node) -> Iterator[str]:
    """Models of the recipe that a unit works with."""
    for need in node.unit.needs():
        if isinstance(need.wants, ModelKind) and need.ref in run.recipe.models:
            yield need.ref


def _engine_faults(run: OpenRun, nodes: Sequence[Node]) -> Iterator[str]:
    """Models that no server of an engine has; those that a step has yet to train cannot be served."""
    found: dict[tuple[str, ...], str] = {}
    for node in nodes:
        unit = node.unit
        if not isinstance(unit, DrawsByEngine):
            continue
        refs = [need.ref for need in unit.needs() if need.is_served]
        for ref in (one for one in refs if one in run.recipe.models or run.is_done(one)):
            if isinstance(unit, RefreshesEngine):
                names = names_of_refreshed(run, ref, run.place(node.ref), unit.refresh)
            else:
                names = names_at_servers(run, ref)
            key = (repr(unit.engine), ref, *names)
            if key not in found:
                found[key] = _engine_fault(unit.engine, ref, names)
            if found[key]:
                yield f"step {node.step}: {found[key]}"


def _engine_fault(engine: EnginePlan, ref: str, names: Sequence[str]) -> str:
    try:
        find_servers(engine, ref, names)
    except ValueError as error:
        return str(error)
    return ""


def _previews(run: OpenRun, nodes: Sequence[Node], scratch: Path) -> dict[str, Sequence[Question]]:
    """Some questions of each unit that makes them, or that is finished or comes from outside, by its reference."""
    found: dict[str, Sequence[Question]] = {}
    wanted = {ref for node in nodes for ref in _question_refs(run, node)}
    for ref in sorted(wanted):
        unit = run.nodes[ref].unit if ref in run.nodes else None
        if unit is None or run.is_done(ref):
            found[ref] = run.questions(ref)[:LOOKED_AT]
        elif isinstance(unit, Previews):
            found[ref] = unit.preview(run, scratch, LOOKED_AT)
    return found


def _question_refs(run: OpenRun, node: Node) -> Iterator[str]:
    if isinstance(node.unit, Previews):
        yield node.ref
    for need in node.unit.needs():
        if need.wants is Question:
            yield source(run.recipe, run.nodes, need)


def _faults_ahead(run: OpenRun, node: Node, questions: Mapping[str, Sequence[Question]]) -> Iterator[str]:
    if not isinstance(node.unit, LooksAhead):
        return
    for ref in _question_refs(run, node):
        fault = node.unit.fault_ahead(questions[ref]) if questions.get(ref) else ""
        if fault:
            yield f"step {node.step}: {fault}"


def _root(run: OpenRun, node: Node) -> str:
    """The model of the recipe from which a training starts, itself or by trainings before; empty of another unit."""
    unit = node.unit
    while isinstance(unit, TrainsWeights):
        if unit.start not in run.nodes:
            return unit.start
        unit = run.nodes[unit.start].unit
    return ""


def _encoded(run: OpenRun, name: str, questions: Sequence[Question], trained: Sequence[Node]) -> Iterator[str]:
    """What is wrong with a model with weights: it is opened without them, encodes a few questions, and is trained."""
    spec = run.recipe.models[name]
    try:
        call_part("model", "loading.reached", "require_reached", spec.path)
        call_part("model", "loading.whole_weights", "require_whole", weights_place(spec.path))
        model: Any = call_part("runs", "forecast.meta", "open_meta", spec.path, spec.prompt)
        call_part("model", "loading.reading", "require_tensors", weights_place(spec.path))
        call_part("model", "loading.arithmetic", "require_attention", model.net, run.compute.attention)
        call_part("model", "loading.sound_weights", "require_sound", weights_place(spec.path))
        if run.compute.gradient_checkpointing:
            call_part("model", "packed.recompute", "enable_checkpointing", model.net)
    except (OSError, ValueError) as error:
        yield f"model {name}: {error}"
        return
    try:
        prompts = [model.prompt(question, Style.REASON) for question in questions]
        for prompt in sorted(prompts, key=lambda one: not one.pictures)[:1]:
            call_part("runs", "forecast.meta", "require_fitting", model, prompt, run.compute)
    except ValueError as error:
        yield f"model {name}: {error}"
    yield from _untrained(run, name, model, trained)


def _untrained(run: OpenRun, name: str, model: Any, nodes: Sequence[Node]) -> Iterator[str]:  # noqa: ANN401
    """What is wrong with trainings that start from a model: an adapter's layers, weights that none of them moves."""
    # Those that start from the model itself come first: what a step trained has no adapter of its own.
    for node in sorted(nodes, key=lambda node: cast(TrainsWeights, node.unit).start != name):
        unit = cast(TrainsWeights, node.unit)
        if unit.start != name:
            model.adapt(AdapterPlan())
        try:
            call_part("runs", "forecast.meta", "require_trained", model, unit.fit, unit.adapter, run.compute)
        except ValueError as error:
            yield f"step {node.step}: {error}"


def _asked(name: str, spec: ModelSpec, faults: list[str]) -> Iterator[str]:
    """Ask a server which models it has: no call that is paid for; the run's own oracle has what it needs, or not."""
    if spec.is_own_oracle:
        try:
            load_part("testing", "served.server")
        except ValueError as error:
            faults.append(f"model {name}: {error}")
        return
    probe = load_part("endpoints", "probe")
    with closing(probe.Probe(spec.endpoint(""))) as asked:
        try:
            answer = asked.models()
        except ValueError as error:
            faults.append(f"model {name}: {error}")
            return
    if answer.names and spec.model not in answer.names:
        near = ", ".join(sorted(answer.names)[:8])
        yield f"model {name}: {spec.base_url} lists no model {spec.model!r}; it has {near}"

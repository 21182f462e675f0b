"""Cards of the models that a run has trained, from what the run says of itself; written beside each model."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any, cast, get_type_hints

import seewhy
from seewhy.model.plan import AdapterPlan
from seewhy.model.prompt_plan import PromptPlan, read_instructions
from seewhy.model.weights import TINY, base_of, count_parameters
from seewhy.records.canonical import is_left_out
from seewhy.records.files import write_text_atomically
from seewhy.report.inputs import Evaluation, TrainingRun
from seewhy.report.model_card import MadeBy, ModelFacts, TrainedBy, body_of, metadata_of
from seewhy.runs.api import ModelKind, TrainStage
from seewhy.runs.cards import MODEL_CARD
from seewhy.runs.choice import Choice, layer_of
from seewhy.runs.discovery import call_part, class_of
from seewhy.runs.graph import Node, resolve
from seewhy.runs.hooks import Concludes
from seewhy.runs.recipe_text import stage_name
from seewhy.runs.run import MODEL, OpenRun
from seewhy.runs.structure import unstructure

ADAPTER = "adapter"
"""Folder of the adapter alone within a training's folder."""
HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
WORDS = ("reason_letter", "reason_short", "direct_letter", "direct_short")


def write_model_cards(run: OpenRun) -> None:
    """Write the card of each finished training beside its model and its adapter; what a person wrote there stays."""
    folders = [(node, run.place(node.ref) / name) for node in run.nodes.values() for name in (MODEL, ADAPTER)
               if isinstance(node.unit, TrainStage) and run.is_done(node.ref)]  # fmt: skip
    cards = {folder / MODEL_CARD: node for node, folder in folders if folder.is_dir()}
    measured = measurements(run) if cards else []
    for path, node in cards.items():
        facts = facts_of(run, node, measured, is_adapter=path.parent.name == ADAPTER)
        write_text_atomically(path, card_text(facts, path))


def card_text(facts: ModelFacts, path: Path) -> str:
    """The card, in which what a person added to the one at `path` stays."""
    try:
        before = call_part("formats", "hub.card", "read_card", path)
        return str(call_part("formats", "hub.card", "merged", before, metadata_of(facts), body_of(facts)))
    except ValueError as error:
        raise ValueError(f"{path.parent}, {error}") from error


def facts_of(run: OpenRun, node: Node, measured: list[Evaluation], *, is_adapter: bool) -> ModelFacts:
    """What is known of the model of a training."""
    folder = run.place(node.ref)
    place = folder / (ADAPTER if is_adapter else MODEL)
    trainings, base = _trainings(run, node)
    usual = PromptPlan()
    words = {name: str(getattr(usual, name)) for name in WORDS} | read_instructions(folder / MODEL)
    return ModelFacts(
        name=node.ref, place=place.name, is_adapter=is_adapter, base=_named(base),
        # An adapter belongs to the model that its training began with, which may be one that was trained before.
        base_on_hub=hub_name(base if not is_adapter else base_of(place) or base),
        parameters=count_parameters(str(place)), recipe=run.name, seed=run.seed, version=seewhy.__version__,
        trainings=tuple(trainings), data=tuple(_data(run, node)), instructions=words,
        measured=tuple(one for one in measured if node.ref in one.models),
    )  # fmt: skip


def hub_name(place: str) -> str:
    """The name of a model on the Hub; empty for a folder.

    Example:
        >>> hub_name("llava-hf/llava-1.5-7b-hf"), hub_name("tiny"), hub_name("/models/mine")
        ('llava-hf/llava-1.5-7b-hf', '', '')
    """
    return place if HUB_NAME.fullmatch(place) and not Path(place).exists() else ""


def _named(place: str) -> str:
    return "tiny (ships with seewhy)" if place == TINY else place if hub_name(place) else Path(place).name


def measurements(run: OpenRun) -> list[Evaluation]:
    """Those of the finished steps of a run, without their samples."""
    stages = run.recipe.steps.items()
    found = [stage.section(run, name) for name, stage in stages
             if isinstance(stage, Concludes) and all(map(run.is_done, run.units_of(name)))]  # fmt: skip
    return [replace(one, samples=()) for one in found if isinstance(one, Evaluation)]


def _trainings(run: OpenRun, node: Node) -> tuple[list[TrainedBy], str]:
    """The trainings of a model, the first one first, and the model that the first began with."""
    unit, start = node.unit, ""
    for need in unit.needs():
        if need.wants is ModelKind.WEIGHTS:
            start = start or resolve(run.recipe, need.ref, run.nodes)
    before, base = ([], start) if start not in run.nodes else _trainings(run, run.nodes[start])
    spec = run.spec(start)
    told, manifest = _settings(unit, is_whole=True), run.manifest(node.ref)
    curves = run.recipe.steps[node.step].section(run, node.step)
    one = TrainedBy(
        step=node.ref, start=start if start in run.nodes else _named(spec.path if spec else start),
        objective=str(told.get("objective.kind", "")), settings=told, steps=manifest.counts.get("steps", 0),
        seconds=manifest.seconds, curves=curves if isinstance(curves, TrainingRun) else None,
    )  # fmt: skip
    return [*before, one], spec.path if spec else base


def _data(run: OpenRun, node: Node) -> Iterator[MadeBy]:
    """The rows that a model follows from, the last first."""
    found, waiting = dict[str, Node | None](), list(run.reads(node).values())
    while waiting:
        ref = waiting.pop(0)
        if ref in found or ref in run.models:
            continue
        found[ref] = run.nodes.get(ref)
        waiting += run.reads(run.nodes[ref]).values() if ref in run.nodes else []
    order = list(run.nodes)
    for ref in sorted((ref for ref in found if ref in run.nodes), key=order.index, reverse=True):
        other = run.nodes[ref]
        if not isinstance(other.unit, TrainStage) and run.is_done(ref):
            rows = run.manifest(ref).counts.get("rows")
            settings = {**_models(run, other), **_settings(other.unit, is_whole=False)}
            yield MadeBy(ref=ref, stage=stage_name(other.unit), settings=settings, rows=rows)
    for ref in (ref for ref, other in found.items() if other is None):
        yield MadeBy(ref=str(_portable(ref)), stage="file", settings={}, rows=None)


def _models(run: OpenRun, node: Node) -> dict[str, object]:
    """Who took part in making rows: names of models, not where they are."""
    found: dict[str, object] = {}
    for need in node.unit.needs():
        if isinstance(need.wants, ModelKind):
            spec = run.spec(need.ref)
            found[need.field] = need.ref if spec is None else spec.model or _named(spec.path)
    return found


def _settings(unit: object, *, is_whole: bool) -> dict[str, object]:
    """Settings by dotted name, without references, without what is off; all of them, or those that are not usual."""
    references = {need.field.split(".")[0] for need in cast(Any, unit).needs()}
    hints, found = get_type_hints(type(unit), include_extras=True), dict[str, object]()
    for one in fields(cast(Any, unit)):
        value = getattr(unit, one.name)
        if one.name in references or not one.compare or is_left_out(unit, one) or value in ("", None, (), {}):
            continue
        usual = one.default_factory() if one.default_factory is not MISSING else one.default
        if isinstance(value, Choice) and value == usual and not is_whole:
            found[one.name] = value.kind
        if value == usual and (not is_whole or isinstance(value, AdapterPlan)):
            continue
        found |= _flat(_chosen(value, hints[one.name]) if isinstance(value, Choice) else unstructure(value), one.name)
    return found


def _flat(plain: object, place: str) -> dict[str, object]:
    """Values by dotted name, lists whole; what is empty or off is left out."""
    if isinstance(plain, Mapping):
        parts = cast(Mapping[str, object], plain).items()
        return {name: value for key, inner in parts for name, value in _flat(inner, f"{place}.{key}").items()}
    is_off = plain is None or plain is False or plain in ("", [], ())
    return {} if is_off else {place: _portable(plain)}


def _chosen(choice: Choice, hint: object) -> Mapping[str, object]:
    """A choice with every plain setting that it has, those at their defaults too."""
    usual = {one.name: one.default for one in fields(class_of(layer_of(hint), choice.kind))
             if one.init and isinstance(one.default, int | float | str | bool)}  # fmt: skip
    return {"kind": choice.kind, **usual, **cast(Mapping[str, object], unstructure(choice.settings))}


def _portable(value: object) -> object:
    """A path of this machine as its last name."""
    is_path = isinstance(value, str) and (value.startswith(("~", ".", "/")) or Path(value).is_absolute())
    return Path(str(value)).name if is_path else value

"""The graph of a recipe: its units of work, what each reads, and what is wrong with it before anything runs."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from seewhy.runs.api import ModelKind, Need, RowStage, Stage, TrainStage, Unit, Wants
from seewhy.runs.discovery import nearest
from seewhy.runs.hooks import DrawsByEngine
from seewhy.runs.outside import hash_input
from seewhy.runs.plan_file import rows_behind
from seewhy.runs.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A unit of work of a recipe."""

    step: str
    part: str
    """Within the step; empty where the step is one unit."""
    unit: Unit

    @property
    def ref(self) -> str:
        """The name by which other steps read it.

        Example:
            >>> from seewhy.stages.report import Report
            >>> Node(step="test", part="sft/test-reason", unit=Report()).ref
            'test.sft/test-reason'
        """
        return f"{self.step}.{self.part}" if self.part else self.step

    @property
    def makes(self) -> Wants | None:
        """The record that it writes, or that it trains a model."""
        if isinstance(self.unit, RowStage):
            return self.unit.rows
        return ModelKind.WEIGHTS if isinstance(self.unit, TrainStage) else None


def nodes_of(recipe: Recipe) -> dict[str, Node]:
    """Every unit by its reference, in the order in which they run.

    Raises:
        ValueError: a stage refuses its settings; the message names the step.
    """
    found: dict[str, Node] = {}
    for name, stage in recipe.steps.items():
        try:
            units = stage.units(name)
        except ValueError as error:
            raise ValueError(f"step {name}: {error}") from error
        for part, unit in units.items():
            node = Node(step=name, part=part, unit=unit)
            found[node.ref] = node
    return found


def resolve(recipe: Recipe, ref: str, nodes: Mapping[str, Node], wants: Wants | None = None) -> str:
    """The reference of a unit; others as they are.

    A step with several parts that was named alone is its main part, or the only part that makes what is wanted where
    the main part does not.
    """
    if ref in nodes or ref not in recipe.steps:
        return ref
    main = recipe.steps[ref].main
    if not main:
        return ref
    fitting = [other for other, node in nodes.items() if node.step == ref and _makes(node, wants)]
    found = f"{ref}.{main}"
    return fitting[0] if len(fitting) == 1 and found in nodes and not _makes(nodes[found], wants) else found


def _makes(node: Node, wants: Wants | None) -> bool:
    return wants is not None and _fits(node.makes, wants)


def input_place(recipe: Recipe, ref: str) -> Path | None:
    """Where rows from outside are: an input of the recipe, or a path that `origin` found; None for all other names."""
    if ref in recipe.inputs:
        return Path(recipe.inputs[ref]).expanduser()
    return Path(ref) if Path(ref).is_absolute() else None


def origin(recipe: Recipe, nodes: Mapping[str, Node], ref: str, wants: Wants) -> str:
    """The nearest unit, input or path from which `ref` follows that holds such rows, `ref` itself included.

    Raises:
        ValueError: there is none, or rows from outside have lost theirs.
    """
    record = describe(wants).rpartition(" ")[2]
    waiting, seen, outside = deque([resolve(recipe, ref, nodes)]), set[str](), list[str]()
    while waiting:
        found = waiting.popleft()
        if found in seen or found in recipe.models:
            continue
        seen.add(found)
        if found in recipe.inputs:
            if found == f"{record.lower()}s":
                return found
            outside.append(found)
        elif found in nodes:
            if nodes[found].makes == wants:
                return found
            waiting += [resolve(recipe, need.ref, nodes, need.wants) for need in nodes[found].unit.needs()]
    remedy = f"name them as `{record.lower()}s` of the step"
    for name in outside:
        place = Path(recipe.inputs[name]).expanduser()
        if not place.exists():
            raise ValueError(f"{place}: no such file or folder of rows")
        try:
            behind = rows_behind(place, record, hash_input)
        except ValueError as error:
            raise ValueError(f"{error}: {remedy}") from error
        if behind is not None:
            return str(behind)
    places = "".join(f"; no _plan.json beside {recipe.inputs[name]} names any" for name in outside)
    raise ValueError(f"{ref} follows from no rows of {record}{places}: {remedy}")


def source(recipe: Recipe, nodes: Mapping[str, Node], need: Need) -> str:
    """The reference of what is read for a need; errors as `origin`."""
    if need.behind:
        return origin(recipe, nodes, need.ref, need.wants)
    return resolve(recipe, need.ref, nodes, need.wants)


def check(recipe: Recipe) -> None:
    """Refuse a recipe whose graph does not hold together.

    Raises:
        ValueError: every fault, a line each, with step, field and what would fit.
    """
    for name in (*recipe.steps, *recipe.models, *recipe.inputs):
        if not name or not all(part.isalnum() or part in "-_" for part in name):
            raise ValueError(f"step {name!r}: a name is letters, digits, - and _")
    twice = [name for name in recipe.steps if name in recipe.models or name in recipe.inputs]
    if twice:
        raise ValueError(f"step {twice[0]}: a model or an input of the recipe has the same name")
    faults = list(_faults(recipe, nodes_of(recipe)))
    if faults:
        raise ValueError("\n".join(faults))


def _faults(recipe: Recipe, nodes: Mapping[str, Node]) -> Iterator[str]:
    before: dict[str, Wants | None] = {}
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for ref, node in nodes.items():
        for need in node.unit.needs():
            fault = _fault(recipe, need, before, nodes)
            if fault and isinstance(node.unit, DrawsByEngine) and need.ref in recipe.models:
                fault = f"{fault}. Set engine.kind to server and engine.urls: all models of the step are asked there"
            if fault:
                found.setdefault((node.step, need.ref), []).append((need.field, fault))
        before[ref] = node.makes
    for (step, _), faults in found.items():
        # A part of a step calls what it reads by another name than the step's own field does.
        own = [one for one in faults if one[0].partition(".")[0] in _field_names(recipe.steps[step])]
        for field, fault in dict(reversed(own or faults[:1])).items():
            yield f"step {step}, field {field}: {fault}"


def _field_names(stage: Stage) -> list[str]:
    return [one.name for one in fields(stage)] if is_dataclass(stage) else []


def _fault_behind(recipe: Recipe, need: Need, nodes: Mapping[str, Node]) -> str:
    """What is wrong with rows that must be behind others; of these themselves another need says what is wrong."""
    ref = resolve(recipe, need.ref, nodes)
    if ref not in nodes and not (ref in recipe.inputs and Path(recipe.inputs[ref]).expanduser().exists()):
        return ""
    try:
        source(recipe, nodes, need)
    except ValueError as error:
        return str(error)
    return ""


def _fault(recipe: Recipe, need: Need, before: Mapping[str, Wants | None], nodes: Mapping[str, Node]) -> str:
    if need.behind:
        return _fault_behind(recipe, need, nodes)
    ref = resolve(recipe, need.ref, nodes, need.wants)
    if ref in recipe.models:
        spec = recipe.models[ref]
        fits = {ModelKind.ANY: True, ModelKind.SERVER: spec.is_server, ModelKind.WEIGHTS: not spec.is_server}
        is_fit = isinstance(need.wants, ModelKind) and fits[need.wants]
        what = ModelKind.SERVER.value if spec.is_server else ModelKind.WEIGHTS.value
        return "" if is_fit else f"{need.ref} is {what}; wanted: {describe(need.wants)}{_fitting(recipe, need, before)}"
    if ref in recipe.inputs:
        is_rows = not isinstance(need.wants, ModelKind)
        return "" if is_rows else f"{need.ref} is an input of rows; wanted: {describe(need.wants)}"
    if ref in before:
        return "" if _fits(before[ref], need.wants) or before[ref] is need.also is not None else (
            f"{need.ref} makes {describe(before[ref])}; wanted: {describe(need.wants)}{_fitting(recipe, need, before)}"
        )  # fmt: skip
    if ref in nodes or need.ref in recipe.steps:
        return f"{need.ref} comes later; a step reads those before it{_fitting(recipe, need, before)}"
    if not need.ref:
        return f"is missing; wanted: {describe(need.wants)}{_fitting(recipe, need, before)}"
    known = dict.fromkeys([*recipe.models, *recipe.inputs, *recipe.steps, *before])
    return f"there is no {need.ref!r}{nearest(need.ref, list(known))}"


def _fits(made: Wants | None, wanted: Wants) -> bool:
    if isinstance(wanted, ModelKind):
        return made is ModelKind.WEIGHTS and wanted is not ModelKind.SERVER
    return made is not None and (wanted is object or made is wanted)


def _fitting(recipe: Recipe, need: Need, before: Mapping[str, Wants | None]) -> str:
    kinds = {name: _kind(spec.is_server) for name, spec in recipe.models.items()}
    models = [name for name, kind in kinds.items() if need.wants in (ModelKind.ANY, kind)]
    fitting = [*models, *(ref for ref, made in before.items() if _fits(made, need.wants))]
    return f". What would fit: {', '.join(fitting)}" if fitting else ". Nothing before it would fit"


def _kind(is_server: bool) -> ModelKind:
    return ModelKind.SERVER if is_server else ModelKind.WEIGHTS


def describe(wants: Wants | None) -> str:
    """What is made or wanted, in words.

    Example:
        >>> from seewhy.records.types import Chain
        >>> describe(Chain), describe(ModelKind.WEIGHTS)
        ('rows of Chain', 'a model with weights')
    """
    if wants is None:
        return "nothing that can be read"
    return wants.value if isinstance(wants, ModelKind) else f"rows of {wants.__name__}"


def followers(recipe: Recipe, nodes: Mapping[str, Node], ref: str) -> list[str]:
    """Units that read `ref`, directly or through others, in order."""
    found: list[str] = []
    for other, node in nodes.items():
        reads = {source(recipe, nodes, need) for need in node.unit.needs()}
        if ref in reads or reads & set(found):
            found.append(other)
    return found


def reads_of(recipe: Recipe, nodes: Mapping[str, Node], node: Node) -> dict[str, str]:
    """Field to resolved reference, of what a unit reads; several references of one field are numbered."""
    found: dict[str, str] = {}
    for need in node.unit.needs():
        name = need.field if need.field not in found else f"{need.field} {len(found) + 1}"
        found[name] = source(recipe, nodes, need)
    return found

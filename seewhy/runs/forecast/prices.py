"""What a run would pay for its requests to servers; no server is asked and no run is begun."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seewhy.endpoints.accounting.estimate import CostEstimate, FollowUpCost, StageCost, price_copies
from seewhy.endpoints.accounting.forecast import forecast_cost
from seewhy.runs.api import ModelKind, PageStage
from seewhy.runs.changes import require_unchanged, status_of
from seewhy.runs.forecast.api import ServerWork
from seewhy.runs.forecast.outlook import RunOutlook, outlook_on
from seewhy.runs.graph import Node, check
from seewhy.runs.machine import Machine
from seewhy.runs.open import Extent, nodes_within, require_steps
from seewhy.runs.recipe import Recipe
from seewhy.runs.run import OpenRun


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCost:
    """What a unit that works with a server would pay.

    Example:
        >>> UnitCost(ref="verdicts", is_finished=True).cost is None
        True
    """

    ref: str
    is_finished: bool = False
    cost: StageCost | None = None
    """None where it is finished, or says nothing of what it asks."""

    @property
    def unknown(self) -> str:
        """What cannot be known of it, in words."""
        if self.cost is not None:
            return self.cost.unknown
        return "" if self.is_finished else f"what {self.ref} asks"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCost:
    """What the steps of a run would pay together."""

    units: tuple[UnitCost, ...]
    """Those that work with a server."""
    bound: float
    """Dollars at which the run would stop; 0 is none."""

    @property
    def most(self) -> CostEstimate:
        """The most that all come to, as far as that can be known."""
        return sum((one.cost.most for one in self.units if one.cost), CostEstimate())

    @property
    def unknown(self) -> tuple[str, ...]:
        """What is not counted, in words."""
        return tuple(one.unknown for one in self.units if one.unknown)


def price_run(root: Path, recipe: Recipe, machine: Machine, extent: Extent) -> RunCost:
    """What the steps would pay, by the rows of the run as far as they are finished.

    Raises:
        ValueError: the recipe does not hold together, finished steps would be lost, or a question, picture or price is
            missing.
    """
    check(recipe)
    require_steps(recipe)
    run = OpenRun(root=root.resolve(), recipe=recipe, machine=machine)
    nodes = nodes_within(run, extent)
    if not extent.remake:
        require_unchanged(run, nodes, status_of(run))
    with outlook_on(run) as outlook:
        return price_nodes(outlook, nodes)


def price_nodes(outlook: RunOutlook, nodes: Sequence[Node]) -> RunCost:
    """What these units would pay."""
    asking = [node for node in nodes if asks_server(outlook.run, node)]
    return RunCost(units=tuple(_priced(outlook, node) for node in asking), bound=outlook.run.machine.spend.dollars)


def asks_server(run: OpenRun, node: Node) -> bool:
    """Whether a unit works with a model behind a server."""
    if isinstance(node.unit, PageStage):
        return False
    specs = [run.spec(need.ref) for need in node.unit.needs() if isinstance(need.wants, ModelKind)]
    return any(spec is not None and spec.is_server for spec in specs)


def _priced(outlook: RunOutlook, node: Node) -> UnitCost:
    if outlook.is_there(node.ref):
        return UnitCost(ref=node.ref, is_finished=True)
    work = outlook.forecast(node.ref).server
    return UnitCost(ref=node.ref, cost=price_work(outlook, work) if work else None)


def price_work(outlook: RunOutlook, work: ServerWork) -> StageCost:
    """Requests, tokens and money of what a unit would ask."""
    endpoint, machine = outlook.endpoint(work.model), outlook.run.machine
    follow_ups = None
    if work.follow_ups:
        first = work.follow_ups[0]
        asked = [(one.request, one.likely, one.most) for one in work.follow_ups]
        likely, most = price_copies(asked, endpoint, machine.spend)
        follow_ups = FollowUpCost(likely=likely, likely_if=first.likely_if, most=most, max_if=first.max_if)
    return StageCost(
        model=endpoint.model, base_url=endpoint.base_url, follow_ups=follow_ups, trials=machine.canary.trials,
        first=forecast_cost(work.requests, endpoint, machine.spend, is_batch=work.is_batch), unknown=work.unknown,
        assumed=work.assumed,
    )  # fmt: skip

"""Prices and warnings of a forecast in words."""

from collections.abc import Iterator
from typing import Any

from seewhy.endpoints.accounting.estimate import StageCost
from seewhy.runs.forecast.prices import RunCost
from seewhy.runs.forecast.whole import RunForecast, UnitForecast


def size_of(mib: float) -> str:
    """MiB or GiB, in words.

    Example:
        >>> size_of(512.4), size_of(2048.0)
        ('512 MiB', '2.0 GiB')
    """
    return f"{mib:,.0f} MiB" if mib < 1024 else f"{mib / 1024:,.1f} GiB"


def price_lines(cost: RunCost) -> Iterator[str]:
    """What each step would pay to servers, and all of them together."""
    for one in cost.units:
        if one.is_finished:
            yield f"{one.ref}: its rows are there, and no server would be asked"
        elif one.cost is None:
            yield f"{one.ref}: {one.unknown} cannot be known"
        else:
            yield from _stage_lines(one.ref, one.cost)
    yield _total(cost)


def _stage_lines(ref: str, cost: StageCost) -> Iterator[str]:
    if cost.assumed:
        yield f"{ref}: {cost.assumed}"
    canary = f", after a vision check of {cost.trials} pictures" if cost.trials else ""
    first = " ".join(cost.first.line.split())
    yield f"{ref}: {cost.model} at {cost.base_url} would be asked {first}{canary}"
    if cost.unknown:
        yield f"{ref}: {cost.unknown} cannot be known"
    later = cost.follow_ups
    if later is not None:
        yield (f"{ref}: after the first replies it asks on: {later.likely.summary}, if {later.likely_if}; at most "
               f"{later.most.summary}, if {later.max_if}")  # fmt: skip


def _total(cost: RunCost) -> str:
    most = cost.most
    if not most.requests and not cost.unknown:
        return "in all: no server would be asked"
    less = f", without {' and '.join(cost.unknown)}, which cannot be known" if cost.unknown else ""
    stops = "" if not cost.bound or most.dollars is None or most.dollars <= cost.bound else (
        f"; `machine.spend.dollars` {cost.bound:g} stops the run where that is spent")  # fmt: skip
    return f"in all: at most {most.summary}{less}; vision checks and calls that are tried again come on top{stops}"


def warnings(forecast: RunForecast) -> Iterator[str]:
    """What would stop the run or harm it, each with its remedy."""
    for model in forecast.models:
        yield from model.refused
    for unit in forecast.units:
        if unit.training is not None:
            yield from _training_warnings(forecast, unit)
        yield from _length_warnings(forecast, unit)


def _training_warnings(forecast: RunForecast, unit: UnitForecast) -> Iterator[str]:
    training, work = unit.training, unit.stage.training
    if training.peak_mb > forecast.machine_mb + forecast.base_mb:
        yield (f"{unit.ref} needs {size_of(training.peak_mb)} and {size_of(forecast.machine_mb)} are free: it will not "
               f"fit; {remedy(forecast, unit)}")  # fmt: skip
    if training.above_budget and work is not None:
        yield (f"{unit.ref}: {training.above_budget} of {training.sampled} sampled rows are above "
               f"`{unit.step}.fit.row_tokens` {work.fit.row_tokens:,}: each runs alone, as large as it is")  # fmt: skip


def _length_warnings(forecast: RunForecast, unit: UnitForecast) -> Iterator[str]:
    models = {model.name: model for model in forecast.models}
    for work in unit.stage.work:
        model: Any = models.get(unit.model)
        if model is None or not work.is_drawn:
            continue
        longest = max(model.sizes(work.questions, work.style, is_blind=work.is_blind), default=0)
        if longest + work.max_tokens > model.context:
            yield (f"{unit.ref}: the longest sampled prompt has {longest:,} tokens, a reply may have "
                   f"{work.max_tokens:,}, and the model takes {model.context:,}: lower "
                   f"`{unit.step}.max_tokens`")  # fmt: skip


def remedy(forecast: RunForecast, unit: UnitForecast) -> str:
    """What would make a training fit, by what takes most."""
    memory, compute = unit.training.memory, forecast.recipe.compute
    terms, work = memory.step, unit.stage.training
    if terms.passes + terms.held > terms.weights + terms.moments:
        checkpointing = "" if compute.gradient_checkpointing else ", or `compute.gradient_checkpointing`"
        return (
            f"most of it are activations of a row of {memory.tokens:,} tokens: try `{unit.step}.fit.row_tokens` "
            f"{max(1, memory.tokens // 2)}{checkpointing}"
        )
    if work is not None and not work.adapter.rank:
        return (
            "most of it are weights, gradients and AdamW's moments: train an adapter, such as "
            f"`{unit.step}.adapter.rank` 64, or take a smaller model"
        )
    precision = "`compute.precision` bf16, or " if compute.precision == type(compute)().precision else ""
    return f"most of it are weights: try {precision}a smaller model"

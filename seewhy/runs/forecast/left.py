"""The time that is left of a whole run, by its forecast and by how long its finished units took beside theirs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from seewhy.runs.events import Began, Ended, Event, Noted
from seewhy.runs.forecast.whole import forecast_run
from seewhy.runs.machine import Machine
from seewhy.runs.open import Extent, nodes_within
from seewhy.runs.processes import processes_here
from seewhy.runs.progress_words import span_of
from seewhy.runs.recipe import Recipe
from seewhy.runs.run import OpenRun


def run_with_time_left(
    events: Iterable[Event], root: Path, recipe: Recipe, machine: Machine, extent: Extent
) -> Iterator[Event]:
    """The events of a run, which is forecast first; those of a unit's begin say how long the ones after it will take.

    Raises:
        ValueError: as `forecast_run`.
    """
    if not processes_here().is_first:  # the others say nothing of a run
        yield from events
        return
    run = OpenRun(root=root.resolve(), recipe=recipe, machine=machine)
    wanted = {node.ref for node in nodes_within(run, extent)}
    units = {one.ref: one for one in forecast_run(root, recipe, machine).units if one.ref in wanted}
    seconds = {ref: one.seconds for ref, one in units.items() if one.seconds is not None}
    unknown = list(dict.fromkeys(one.step for ref, one in units.items() if ref not in seconds))
    without = f", without {', '.join(unknown)}, whose time is not known" if unknown else ""
    yield Noted(ref=next(iter(units), ""), text=f"forecast: {span_of(sum(seconds.values()))} in all{without}")
    yield from with_time_left(events, seconds)


def with_time_left(events: Iterable[Event], forecast: Mapping[str, float]) -> Iterator[Event]:
    """`Began` with the seconds of the units that are still to come; `forecast` holds each unit's, in order.

    What is to come is scaled by the time that the finished units took, over what was forecast of them.
    """
    left = dict(forecast)
    took = expected = 0.0
    for event in events:
        match event:
            case Began():
                left.pop(event.ref, None)
                pace = took / expected if took and expected else 1.0
                yield replace(event, later=pace * sum(left.values()))
                continue
            case Ended():
                left.pop(event.ref, None)
                if not event.is_found and forecast.get(event.ref):
                    took, expected = took + event.seconds, expected + forecast[event.ref]
            case _:
                pass
        yield event

"""A forecast as tables on the screen, plain where it is no terminal."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from seewhy.runs.forecast.whole import RunForecast, UnitForecast
from seewhy.runs.forecast.words import price_lines, size_of, warnings
from seewhy.runs.progress_words import span_of

WAYS = {
    "packed": "packed",
    "continued": "continued, each prompt once and its replies after it, for packed ones are wrong on it",
    "separate": "separate, for packed ones are wrong on it",
}
"""How groups of a model run, as a trial on it found."""


def show(console: Console, forecast: RunForecast, said: Callable[[str], str]) -> None:
    """Print tables and sentences; `said` turns fields in a sentence into what the reader can set."""

    def say(text: str) -> None:
        console.print(said(text), highlight=False, markup=False, soft_wrap=True)

    for model in forecast.models:
        say(f"{forecast.recipe.name}: model {model.name} ({model.path}), {model.parameters:,} parameters, "
            f"{size_of(model.weights_mb)} of weights; {size_of(forecast.machine_mb)} of memory are free")  # fmt: skip
    for table in (_prompts(forecast), _units(forecast)):
        if table.rows:
            table.box = SIMPLE_HEAD if console.is_terminal else None
            console.print(table)
    for sentence in _sentences(forecast):
        say(sentence)
    for sentence in warnings(forecast):
        say(f"warning: {sentence}")


def _prompts(forecast: RunForecast) -> Table:
    table = Table("questions", "style", "sampled", "min", "median", "95 %", "max", title="Tokens of a prompt",
                  title_justify="left")  # fmt: skip
    for row in forecast.lengths:
        sizes = (row.sampled, row.least, row.median, row.p95, row.most)
        table.add_row(row.ref, row.style.value, *(f"{size:,}" for size in sizes))
    return table


def _units(forecast: RunForecast) -> Table:
    table = Table("step", "rows", "steps", "memory", "time", "disk", title="A run", title_justify="left")
    for step, units in _by_step(forecast).items():
        trainings = [one.training for one in units if one.training is not None]
        is_finished, seconds = all(one.is_finished for one in units), _known_seconds(units)
        disk = sum(one.disk_mb for one in units)
        table.add_row(
            step, _rows(units), f"{sum(one.steps for one in trainings):,}" if trainings else "",
            ", ".join(map(_memory, trainings)),
            "finished" if is_finished else "" if seconds is None else span_of(seconds), size_of(disk) if disk else "",
        )  # fmt: skip
    return table


def _by_step(forecast: RunForecast) -> dict[str, list[UnitForecast]]:
    found: dict[str, list[UnitForecast]] = {}
    for unit in forecast.units:
        found.setdefault(unit.step, []).append(unit)
    return found


def _rows(units: Sequence[UnitForecast]) -> str:
    """Rows of the units that write the same as the first one; a training is told by what it trains on."""
    first = next((one for one in units if one.training is not None), units[0])
    alike = [one for one in units if one.stage.unit == first.stage.unit]
    counts = [one.stage.rows for one in alike if one.stage.rows is not None]
    if not counts:
        return ""
    return f"{'' if all(one.stage.is_exact for one in alike) else 'up to '}{sum(counts):,} {first.stage.unit}"


def _known_seconds(units: Sequence[UnitForecast]) -> float | None:
    known = [one.seconds for one in units if one.seconds is not None]
    return sum(known) if known else None


def _memory(training: Any) -> str:  # noqa: ANN401
    more = f" to {size_of(training.max_mb)}" if training.max_mb and training.max_mb > training.peak_mb else ""
    return f"{size_of(training.peak_mb)}{more}"


def _sentences(forecast: RunForecast) -> Iterator[str]:
    steps = _by_step(forecast)
    untimed = [step for step, units in steps.items() if _known_seconds(units) is None]
    less = f"; the time of {', '.join(untimed)} is not known" if untimed else ""
    yield f"in all {span_of(forecast.seconds)} and {size_of(forecast.disk_mb)} on disk{less}"
    for step, units in steps.items():
        for basis in dict.fromkeys(one.stage.basis for one in units if one.stage.basis):
            yield f"  {step}: {basis}"
    for unit in forecast.units:
        if unit.training is not None:
            yield f"memory of {unit.ref}: {_sum_in_words(unit.training)}"
    if forecast.cost.units:
        yield from price_lines(forecast.cost)
    yield from _grounds(forecast)


def _sum_in_words(training: Any) -> str:  # noqa: ANN401
    memory, step = training.memory, training.memory.step
    larger = "passes" if step.passes + step.held > step.optimiser else "optimiser"
    parts = {"libraries": step.base, "encoded prompts": step.prompts, "weights": step.weights,
             "moments": step.moments}  # fmt: skip
    parts |= {"activations and gradients": step.passes, "held by the allocator": step.held} if larger == "passes" else {
        "gradients and update": step.optimiser}  # fmt: skip
    words = " + ".join(f"{size_of(value / 2**20)} {name}" for name, value in parts.items() if value)
    return (f"{size_of(memory.step.peak / 2**20)} = {words}; heaviest row {memory.tokens:,} tokens, {memory.passes} "
            f"forward {'pass' if memory.passes == 1 else 'passes'} a step")  # fmt: skip


def _grounds(forecast: RunForecast) -> Iterator[str]:
    """How each kind of figure was got: known, counted, measured or assumed."""
    yield f"known: rows by the recipe and its sources; {forecast.questions} questions were looked at for the lengths"
    yield "up to: as many as there can be; the second figure of a memory is with responses as long as the limit"
    if any(one.training is not None for one in forecast.units):
        yield "counted: memory, by a forward and backward pass on the meta device, without weights"
    for size in dict.fromkeys(model.prompts_mb for model in forecast.models):
        yield f"encoded prompts: a process keeps {size_of(size)} of them at most (`machine.prompts_mib`)"
    for model in forecast.models:
        rates = model.rates
        if rates is None:
            yield f"time of {model.name}: not forecast, for the model does not fit five times into the free memory"
            continue
        yield (f"measured here: {1 / rates.train:,.0f} trained, {1 / rates.score:,.0f} scored and "
               f"{1 / rates.decode:,.0f} drawn tokens a second, with {model.name}")  # fmt: skip
        yield f"rows of {model.name}: {WAYS[str(model.path_taken)]}"

"""How a forecast is shown: tables on the screen, plain where it is no terminal, or one JSON object."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from seewhy.cli.plan_forecast import Stage, Training
from seewhy.cli.plan_memory import remedy
from seewhy.cli.plan_rows import Sampled
from seewhy.cli.plan_times import Rates
from seewhy.cli.progress import span_of
from seewhy.recipes.plans import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """All that is foretold of a run, and what it rests on."""

    recipe: Recipe
    parameters: int
    weights_mb: float
    machine_mb: float
    """Memory that is available now."""
    base_mb: float
    is_packed: bool
    sampled: Sampled
    rates: Rates | None
    trainings: tuple[Training, ...]
    stages: tuple[Stage, ...]
    context: int
    """Tokens that the model takes."""

    @property
    def seconds(self) -> float:
        """Of the stages whose time is known."""
        return sum(stage.seconds or 0.0 for stage in self.stages)

    @property
    def disk_mb(self) -> float:
        """Of all stages."""
        return sum(stage.disk_mb for stage in self.stages)


def as_plain(forecast: Forecast) -> dict[str, object]:
    """The forecast for machines: numbers in MiB, seconds, tokens and rows."""
    sampled = forecast.sampled
    return {
        "recipe": forecast.recipe.name, "model": forecast.recipe.model, "parameters": forecast.parameters,
        "weights_mb": forecast.weights_mb, "base_mb": forecast.base_mb, "machine_mb": forecast.machine_mb,
        "rows": "packed" if forecast.is_packed else "separate", "seconds": forecast.seconds,
        "disk_mb": forecast.disk_mb, "context": forecast.context,
        "prompts": [
            {"split": row.split.value, "style": row.style.value, "sampled": row.sampled, "min": row.least,
             "median": row.median, "p95": row.p95, "max": row.most} for row in sampled.lengths
        ],
        "stages": [
            {"name": one.name, "rows": one.rows, "unit": one.unit, "exact": one.is_exact, "steps": one.steps,
             "peak_mb": one.peak_mb, "most_mb": one.max_mb, "seconds": one.seconds, "disk_mb": one.disk_mb,
             "basis": one.basis} for one in forecast.stages
        ],
        "memory": {one.stage.name: _terms(one) for one in forecast.trainings},
        "measured": _measured(forecast.rates), "warnings": list(warnings(forecast)),
    }  # fmt: skip


def _terms(training: Training) -> dict[str, float]:
    """MiB of each term of a training's peak, and the heaviest pass."""
    told = training.told
    terms = {**asdict(told.step), "step": told.step.peak, "checked": told.checked}
    return {**{name: value / 2**20 for name, value in terms.items()}, "row_tokens": told.tokens,
            "passes_a_step": told.passes, "rows_above_budget": training.above_budget}  # fmt: skip


def _measured(rates: Rates | None) -> dict[str, float | None] | None:
    if rates is None:
        return None
    return {"train_tokens_per_second": 1 / rates.train, "score_tokens_per_second": 1 / rates.score,
            "decode_tokens_per_second": 1 / rates.decode, "peak_mb": rates.peak_mb}  # fmt: skip


def warnings(forecast: Forecast) -> Iterator[str]:
    """What would stop the run or harm it, each with its remedy."""
    yield from forecast.sampled.refused
    for training in forecast.trainings:
        need, stage = training.told.peak / 2**20, training.stage.name
        plan = forecast.recipe.sft if stage == "sft" else forecast.recipe.fit
        option = "sft" if stage == "sft" else "fit"
        if need > forecast.machine_mb + forecast.base_mb:
            yield (f"{stage} needs {size_of(need)} and {size_of(forecast.machine_mb)} are free: it will not fit; "
                   f"{remedy(option, forecast.recipe, training.told)}")  # fmt: skip
        if training.above_budget:
            yield (f"{stage}: {training.above_budget} of {training.sampled} sampled rows are above "
                   f"--{option}.row-tokens {plan.row_tokens:,}: each runs alone, as large as it is")  # fmt: skip
    longest = max((row.most for row in forecast.sampled.lengths), default=0)
    limit = max(forecast.recipe.sampling.max_tokens, forecast.recipe.evaluation.max_tokens)
    if longest + limit > forecast.context:
        yield (f"the longest sampled prompt has {longest:,} tokens, a chain may have {limit:,}, and the model takes "
               f"{forecast.context:,}: lower --sampling.max-tokens and --evaluation.max-tokens")  # fmt: skip


def size_of(mib: float) -> str:
    """MiB or GiB, in words.

    Example:
        >>> size_of(512.4), size_of(2048.0)
        ('512 MiB', '2.0 GiB')
    """
    return f"{mib:,.0f} MiB" if mib < 1024 else f"{mib / 1024:,.1f} GiB"


def show(console: Console, forecast: Forecast) -> None:
    """Print tables and sentences."""
    model = forecast.recipe.model
    _say(console, f"{forecast.recipe.name}: model {model}, {forecast.parameters:,} parameters, "
         f"{size_of(forecast.weights_mb)} of weights; {size_of(forecast.machine_mb)} of memory are free")  # fmt: skip
    for table in (_prompts(forecast), _stages(forecast)):
        table.box = SIMPLE_HEAD if console.is_terminal else None
        console.print(table)
    _say(console, f"in all {span_of(forecast.seconds)} and {size_of(forecast.disk_mb)} on disk; judging, pairing, "
         "credit and report are not counted")  # fmt: skip
    for stage in forecast.stages:
        _say(console, f"  {stage.name}: {stage.basis}")
    for training in forecast.trainings:
        _say(console, f"memory of {training.stage.name}: {_sum_in_words(training)}")
    for sentence in _grounds(forecast):
        _say(console, sentence)
    for sentence in warnings(forecast):
        _say(console, f"watch out: {sentence}")


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _prompts(forecast: Forecast) -> Table:
    table = Table("prompts", "style", "sampled", "min", "median", "95 %", "max", title="Tokens of a prompt",
                  title_justify="left")  # fmt: skip
    for row in forecast.sampled.lengths:
        sizes = (row.sampled, row.least, row.median, row.p95, row.most)
        table.add_row(row.split.value, row.style.value, *(f"{size:,}" for size in sizes))
    return table


def _stages(forecast: Forecast) -> Table:
    table = Table("stage", "rows", "steps", "memory", "time", "disk", title="A run", title_justify="left")
    for stage in forecast.stages:
        peak = "" if stage.peak_mb is None else size_of(stage.peak_mb)
        if stage.max_mb is not None and stage.max_mb > (stage.peak_mb or 0):
            peak += f" to {size_of(stage.max_mb)}"
        table.add_row(
            stage.name, f"{'' if stage.is_exact else 'up to '}{stage.rows:,} {stage.unit}",
            "" if stage.steps is None else f"{stage.steps:,}", peak,
            "" if stage.seconds is None else span_of(stage.seconds), size_of(stage.disk_mb),
        )  # fmt: skip
    return table


def _sum_in_words(training: Training) -> str:
    told, step = training.told, training.told.step
    larger = "passes" if step.passes + step.held > step.optimiser else "optimiser"
    parts = {"libraries": step.base, "encoded prompts": step.prompts, "weights": step.weights,
             "other models": step.others, "moments": step.moments}  # fmt: skip
    parts |= {"activations and gradients": step.passes, "held by the allocator": step.held} if larger == "passes" else {
        "gradients and update": step.optimiser}  # fmt: skip
    told_parts = " + ".join(f"{size_of(value / 2**20)} {name}" for name, value in parts.items() if value)
    return (f"{size_of(told.step.peak / 2**20)} = {told_parts}; heaviest row {told.tokens:,} tokens, {told.passes} "
            f"forward {'pass' if told.passes == 1 else 'passes'} a step")  # fmt: skip


def _grounds(forecast: Forecast) -> Iterator[str]:
    """How each kind of figure was got: known, counted, measured or assumed."""
    count = sum(len(found.sample) for found in forecast.sampled.taken.values())
    yield f"known: questions, prompts and chains by the recipe; {count} questions were encoded for the lengths"
    yield "up to: as many as there can be; the second figure of a memory is with responses as long as the limit"
    yield "counted: memory, by a forward and backward pass on the meta device, without weights"
    if forecast.rates is None:
        yield "time: not foretold, for the model does not fit five times into the free memory"
    else:
        rates = forecast.rates
        yield (f"measured here: {1 / rates.train:,.0f} trained, {1 / rates.score:,.0f} scored and "
               f"{1 / rates.decode:,.0f} drawn tokens a second, with the real model")  # fmt: skip
    if not forecast.sampled.is_taught:
        yield "assumed: rationales as long as --sampling.max-tokens, for the teacher was not asked"
    rows = "packed, as the real model allows" if forecast.rates else "packed"
    yield f"rows: {rows if forecast.is_packed else 'separate, for packed ones are wrong on this model'}"

"""A forecast as plain data, for machines."""

from dataclasses import asdict
from typing import Any

from seewhy.runs.forecast.whole import RunForecast, UnitForecast
from seewhy.runs.forecast.words import warnings


def as_plain(forecast: RunForecast) -> dict[str, object]:
    """The forecast for machines: numbers in MiB, seconds, tokens, rows and dollars."""
    return {
        "recipe": forecast.recipe.name, "base_mb": forecast.base_mb, "machine_mb": forecast.machine_mb,
        "seconds": forecast.seconds, "disk_mb": forecast.disk_mb,
        "models": [_model(one) for one in forecast.models],
        "prompts": [
            {"questions": row.ref, "style": row.style.value, "sampled": row.sampled, "min": row.least,
             "median": row.median, "p95": row.p95, "max": row.most} for row in forecast.lengths
        ],
        "units": [_unit(one) for one in forecast.units],
        "memory": {one.ref: _terms(one.training) for one in forecast.units if one.training is not None},
        "servers": {**asdict(forecast.cost.most), "unknown": list(forecast.cost.unknown)},
        "warnings": list(warnings(forecast)),
    }  # fmt: skip


def _model(model: Any) -> dict[str, object]:  # noqa: ANN401
    rates = model.rates
    measured = None if rates is None else {
        "train_tokens_per_second": 1 / rates.train, "score_tokens_per_second": 1 / rates.score,
        "decode_tokens_per_second": 1 / rates.decode, "peak_mb": rates.peak_mb,
    }  # fmt: skip
    return {"name": model.name, "path": model.path, "parameters": model.parameters, "weights_mb": model.weights_mb,
            "context": model.context, "prompts_mb": model.prompts_mb, "rows": _way(model),
            "measured": measured}  # fmt: skip


def _way(model: Any) -> str:  # noqa: ANN401
    """How its groups run, as far as it is known."""
    if model.path_taken is not None:
        return str(model.path_taken)
    return "packed" if model.is_packed else "continued or separate"


def _unit(unit: UnitForecast) -> dict[str, object]:
    training, stage = unit.training, unit.stage
    cost = None if unit.cost is None else {**asdict(unit.cost.most), "unknown": unit.cost.unknown}
    return {
        "name": unit.ref, "step": unit.step, "finished": unit.is_finished, "rows": stage.rows, "unit": stage.unit,
        "exact": stage.is_exact, "steps": None if training is None else training.steps,
        "peak_mb": None if training is None else training.peak_mb,
        "max_mb": None if training is None else training.max_mb, "seconds": unit.seconds, "disk_mb": unit.disk_mb,
        "server": cost, "basis": stage.basis,
    }  # fmt: skip


def _terms(training: Any) -> dict[str, float]:  # noqa: ANN401
    """MiB of each term of a training's peak, and the heaviest pass."""
    memory = training.memory
    terms = {**asdict(memory.step), "step": memory.step.peak, "checked": memory.checked}
    return {**{name: value / 2**20 for name, value in terms.items()}, "row_tokens": memory.tokens,
            "passes_a_step": memory.passes, "rows_above_budget": training.above_budget}  # fmt: skip

"""What stages that draw chains say of who draws them: what is needed of the model, and what is counted."""

from collections.abc import Mapping, Sequence
from typing import cast

from seewhy.endpoints.engine.plan import EnginePlan
from seewhy.records.types import Chain
from seewhy.records.unknown_logprobs import unknown_logprobs
from seewhy.runs.api import ModelKind, Need


def drawn_need(ref: str, engine: EnginePlan) -> Need:
    """The model that draws: with weights, or any where servers draw."""
    wants = ModelKind.ANY if engine.is_server else ModelKind.WEIGHTS
    return Need(field="model", ref=ref, wants=wants, is_served=engine.is_server)


def engine_of_named(models: Mapping[str, object]) -> dict[str, object]:
    """The engine of models that a command line names as NAME@URL; empty where one of them has weights.

    Example:
        >>> engine_of_named({"model": {"base_url": "http://127.0.0.1:8000/v1", "model": "mine"}})
        {'engine': {'kind': 'server', 'urls': ['http://127.0.0.1:8000/v1']}}
        >>> engine_of_named({"model": {"path": "tiny"}})
        {}
    """
    urls = [str(cast(Mapping[str, object], model).get("base_url", "")) for model in models.values()]
    return {"engine": {"kind": "server", "urls": list(dict.fromkeys(urls))}} if urls and all(urls) else {}


def served_counts(rows: Sequence[Chain], engine: EnginePlan) -> Mapping[str, int]:
    """Of chains that servers drew: those without tokens, those encoded again, and tokens without log-probability."""
    if not engine.is_server:
        return {}
    return {
        "chains without tokens": sum(row.token_ids is None for row in rows),
        "chains encoded again": sum(row.is_respelt for row in rows),
        "tokens without log-probability": unknown_logprobs(rows),
    }

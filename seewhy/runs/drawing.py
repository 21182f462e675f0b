"""What stages that draw chains say of who draws them: what is needed of the model, and what is counted."""

from collections.abc import Mapping, Sequence

from seewhy.endpoints.engine.plan import EnginePlan
from seewhy.records.types import Chain
from seewhy.records.unknown_logprobs import unknown_logprobs
from seewhy.runs.api import ModelKind, Need


def drawn_need(ref: str, engine: EnginePlan) -> Need:
    """The model that draws: with weights, or any where servers draw."""
    wants = ModelKind.ANY if engine.is_server else ModelKind.WEIGHTS
    return Need(field="model", ref=ref, wants=wants, is_served=engine.is_server)


def served_counts(rows: Sequence[Chain], engine: EnginePlan) -> Mapping[str, int]:
    """Of chains that servers drew: those without tokens, those encoded again, and tokens without log-probability."""
    if not engine.is_server:
        return {}
    return {
        "chains without tokens": sum(row.token_ids is None for row in rows),
        "chains encoded again": sum(row.is_respelt for row in rows),
        "tokens without log-probability": unknown_logprobs(rows),
    }

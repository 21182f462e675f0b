"""What a server lists of its models; light, for code that opens no client."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModels:
    """What a server said of its models."""

    names: tuple[str, ...]
    """Empty where it keeps no such list."""
    windows: Mapping[str, int] = field(default_factory=dict[str, int])
    """Tokens of prompt and reply that a model takes, by its name, where the server says so: vLLM and SGLang do."""


def listed_models(body: bytes) -> ServedModels:
    """The models in a server's list.

    Example:
        >>> listed_models(b'{"data": [{"id": "m", "max_model_len": 8192}]}').windows
        {'m': 8192}
    """
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return ServedModels(names=())
    listed = found.get("data") if isinstance(found, dict) else None
    rows = [one for one in listed if isinstance(one, dict) and one.get("id")] if isinstance(listed, list) else []
    windows = {str(one["id"]): one["max_model_len"] for one in rows if type(one.get("max_model_len")) is int}
    return ServedModels(names=tuple(str(one["id"]) for one in rows), windows=windows)

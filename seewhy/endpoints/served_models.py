"""What a server lists of its models; light, for code that opens no client."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModels:
    """What a server said of its models."""

    names: tuple[str, ...]
    """Empty where it keeps no such list."""
    windows: Mapping[str, int] = field(default_factory=dict[str, int])
    """Tokens of prompt and reply that a model takes, by its name, where the server says so: vLLM and SGLang do."""

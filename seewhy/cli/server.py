"""A model behind a server, as a command names one for its judge."""

from dataclasses import dataclass
from pathlib import Path

from seewhy.endpoints.plan import EndpointPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWords:
    """Which model behind a server a judge asks; none where `url` is empty."""

    url: str = ""
    """Where the server's paths begin, such as https://api.openai.com/v1."""
    model: str = ""
    """The model's name as the server knows it."""
    key_variable: str = ""
    """Environment variable that holds the key."""
    cache: Path | None = None
    """File that keeps the replies: a second run pays nothing for them."""
    dollars: float = 0.0
    """The most that may be spent; 0 sets no bound."""

    def endpoint(self, option: str) -> EndpointPlan | None:
        """The model's place; None where none is named. `option` is the name before both fields.

        Raises:
            ValueError: a model is named without a server, or a server without a model.
        """
        if bool(self.url) != bool(self.model):
            names = [f"--{option}.url", f"--{option}.model"]
            missing, given = names if self.model else reversed(names)
            raise ValueError(f"{given} needs {missing}: a judge asks a model behind a server")
        if not self.url:
            return None
        return EndpointPlan(base_url=self.url, model=self.model, key_variable=self.key_variable,
                            cache="" if self.cache is None else str(self.cache))  # fmt: skip

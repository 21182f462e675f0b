"""Which engine draws a model's chains."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from seewhy.endpoints.plan import require_address
from seewhy.records.ranges import require_above, require_least


class EngineKind(StrEnum):
    """Who draws."""

    LOCAL = "local"
    """seewhy's own sampler, in this process or its workers."""
    SERVER = "server"
    """Servers that have the model's weights: vLLM, SGLang, `transformers serve`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePlan:
    """Where chains of a model are drawn.

    Example:
        >>> EnginePlan(kind=EngineKind.SERVER, urls=("http://127.0.0.1:8000/v1",)).is_server
        True
    """

    kind: EngineKind = EngineKind.LOCAL
    """`local` is seewhy's own sampler; `server` asks servers that were started with the model."""
    # Where servers are changes nothing in rows; that servers draw them does.
    urls: tuple[str, ...] = field(default=(), compare=False)
    """Where the servers' paths begin, such as `http://gpu1:8000/v1`; each call goes to the one with the fewest in
    flight."""
    names: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """The names of models at the servers, by their names here; left out: the same name, or that of the weights."""
    key_variable: str = field(default="", compare=False)
    """Environment variable that holds the servers' key; empty where they want none."""
    max_gap: float = field(default=0.1, compare=False)
    """Mean difference of log-probabilities a token, of servers and of weights here, above which the servers are taken
    to have other weights; 0 opens no weights here and checks nothing."""

    def __post_init__(self) -> None:
        """Refuse servers that are not asked, and the other way round."""
        require_least(self, 0, "max_gap")
        if self.is_server != bool(self.urls):
            raise ValueError("engine: kind server and urls go together, such as urls: [http://127.0.0.1:8000/v1]"
                             if self.is_server else "engine.urls are of kind server; set engine.kind")  # fmt: skip
        for url in self.urls:
            require_address("engine.urls", url)
        twice = [url for url in self.urls if self.urls.count(url) > 1]
        if twice:
            raise ValueError(f"engine.urls names {twice[0]} twice; name each server once")

    @property
    def is_server(self) -> bool:
        """Whether servers draw."""
        return self.kind is EngineKind.SERVER


class GivenAs(StrEnum):
    """What servers are given of a model that is trained."""

    AUTO = "auto"
    """The adapter where one is trained that servers can load, else whole weights."""
    ADAPTER = "adapter"
    """A LoRA adapter under a new name each time."""
    WHOLE = "whole"
    """All weights, an adapter added in, put in the place of those that the server has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPlan:
    """How servers get the weights of a training that draws through them.

    Example:
        >>> RefreshPlan(every=4).given
        <GivenAs.AUTO: 'auto'>
    """

    every: int = 1
    """Rounds between two refreshes; above 1, rollouts are drawn by weights of up to so many rounds less one before."""
    given: GivenAs = field(default=GivenAs.AUTO, compare=False)
    """What they are given."""
    folder: str = field(default="", compare=False)
    """On a disk that the servers see under the same path, where weights are written; empty takes the step's folder."""
    within_s: float = field(default=600.0, compare=False)
    """Seconds in which a server must have taken them."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, by name."""
        require_least(self, 1, "every")
        require_above(self, 0, "within_s")

"""What a model offers to the other layers: protocols without torch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from seewhy.records.ranges import require_seed
from seewhy.records.types import Chain, Question, Response, Style

GREEDY_BELOW = 1e-5
"""A temperature below it draws the likeliest token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Words that a reply begins with.

    Example:
        >>> Prefix(text="Row 2 reads 1, 0, 4.").token_ids is None
        True
    """

    text: str
    """Without white space at its end."""
    token_ids: tuple[int, ...] | None = None
    """Tokens, as sampled, of a whole chain whose text begins so: those that spell the beginning are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest:
    """One prompt and how many chains are wanted of it.

    Chains get the indices `first`, `first + 1`, ...; a chain is a function of (seed, question id, style, index) and of
    what it begins with.
    """

    question: Question
    style: Style
    count: int = 1
    first: int = 0
    blind: bool = False
    """Withhold the pictures: the prompt holds text alone."""
    beginning: Prefix | None = None
    """Words that every chain begins with; its text and tokens hold them, and it has no log-probabilities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """How chains are drawn.

    Example:
        >>> SamplingParams(temperature=1e-9).temperature
        0.0
    """

    temperature: float = 1.0
    """0 is greedy, and so is anything below 1e-5, as in vLLM: logits divided by less overflow."""
    top_p: float = 1.0
    """Above 0, at most 1."""
    top_k: int = 0
    """0 keeps all tokens."""
    max_tokens: int = 256
    """Tokens that are drawn; those of a beginning do not count."""
    seed: int = 0
    """Seed of the draws."""
    as_drawn: bool = False
    """Log-probabilities of the distribution that is drawn from, at its temperature and without tokens that may not be
    drawn; else of the model as it is. Top-k and top-p do not count in either."""

    def __post_init__(self) -> None:
        """Refuses by name what cannot be meant."""
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise ValueError(f"temperature {self.temperature}: it is 0 (greedy) or above")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p {self.top_p}: it is above 0 and at most 1 (1 keeps all tokens)")
        if self.top_k < 0:
            raise ValueError(f"top_k {self.top_k}: it is 0 (keeps all tokens) or above")
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens {self.max_tokens}: it is at least 1")
        require_seed(self)
        if self.temperature < GREEDY_BELOW:
            object.__setattr__(self, "temperature", 0.0)


@runtime_checkable
class Generates(Protocol):
    """Anything that answers prompts: a local net, a server, a scripted stand-in, the oracle."""

    @property
    def name(self) -> str:
        """The value of `Chain.sampler`: model and version."""
        ...

    def generate(self, asks: Sequence[GenerateRequest], decoding: SamplingParams) -> list[tuple[Chain, ...]]:
        """The chains of each ask, in the order of `asks`; a chain does not depend on the other asks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """One prompt and the distinct responses to score together: a question group."""

    question: Question
    style: Style
    responses: tuple[Response, ...]
    blind: bool = False


@runtime_checkable
class Scores(Protocol):
    """Anything that gives per-token log-probabilities of given responses."""

    def score(self, asks: Sequence[ScoreRequest]) -> list[tuple[tuple[float, ...], ...]]:
        """For each ask, for each response, the log-probability of each of its tokens."""
        ...

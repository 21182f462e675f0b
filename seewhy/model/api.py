"""What a model offers to the other layers: protocols without torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from seewhy.records.types import Chain, Question, Response, Style


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
    """How chains are drawn."""

    temperature: float = 1.0
    """0 is greedy."""
    top_p: float = 1.0
    top_k: int = 0
    """0 keeps all tokens."""
    max_tokens: int = 256
    """Tokens that are drawn; those of a beginning do not count."""
    seed: int = 0


@runtime_checkable
class Generates(Protocol):
    """Anything that answers prompts: a local net, a server, a scripted stand-in, the oracle."""

    @property
    def name(self) -> str:
        """What stands in `Chain.sampler`: model and version."""
        ...

    def generate(self, asks: Sequence[GenerateRequest], decoding: SamplingParams) -> list[tuple[Chain, ...]]:
        """The chains of each ask, in the order of `asks`; a chain does not depend on the other asks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """One prompt and the distinct responses to score beside each other: a question group."""

    question: Question
    style: Style
    responses: tuple[Response, ...]
    blind: bool = False


@runtime_checkable
class Scores(Protocol):
    """Anything that tells per-token log-probabilities of given responses."""

    def score(self, asks: Sequence[ScoreRequest]) -> list[tuple[tuple[float, ...], ...]]:
        """For each ask, for each response, the log-probability of each of its tokens."""
        ...

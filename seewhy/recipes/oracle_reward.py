"""ARES's reward of sentences, told by the oracle of inkgrid in the place of a model behind a server."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from seewhy.records.types import Chain, FinishReason, Question, Span
from seewhy.rewards.api import Earned
from seewhy.testing.oracle import Oracle


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleSentences:
    """score - `neutral` of each sentence at its end (ARES, arXiv 2407.00087, step 1); a repeated sentence scores 0.

    A sentence of no form that the oracle knows earns nothing, nor does the last one of a chain that was cut.
    """

    neutral: float = 0.5
    """The score that is worth nothing (ARES: 0.5)."""
    error_rate: float = 0.0
    """How often, from 0 to 1, a score is turned round."""

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        """The sum of a chain's sentences, each at its place."""
        oracle = Oracle(error_rate=self.error_rate)
        return tuple(self._earned(chain, oracle.score_sentences(question, chain.text)) for chain in chains)

    def _earned(self, chain: Chain, scored: tuple[Span, ...]) -> Earned:
        is_cut = chain.stop is FinishReason.LENGTH
        whole = [span for span in scored if not (is_cut and span.end == len(chain.text.rstrip()))]
        spans = tuple(replace(span, score=span.score - self.neutral) for span in _repeats_at_zero(chain.text, whole))
        return Earned(value=sum(span.score for span in spans), spans=spans)


def _repeats_at_zero(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    said: set[str] = set()
    for span in spans:
        words = text[span.start : span.end].strip()
        yield replace(span, score=0.0) if words in said else span
        said.add(words)

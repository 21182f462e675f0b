"""A stage outside the package: `sample`, with an erring oracle in the place of the model."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.types import Chain, Question, Style
from seewhy.runs.api import Models, Run
from seewhy.stages.sample import Sample
from seewhy.testing.oracle import Oracle


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleSample(Sample):
    """Half of its chains are wrong, and none costs anything."""

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Question]], Iterable[Chain]]:
        oracle = Oracle(error_rate=0.5, seed=3)

        def draw(block: Sequence[Question]) -> Iterable[Chain]:
            asks = [GenerateRequest(question=one, style=Style.REASON, count=self.per_question) for one in block]
            return [chain for chains in oracle.generate(asks, SamplingParams()) for chain in chains]

        return draw

"""By continuations: the value of each step is the share of the policy's continuations that end right (VisualPRM)."""

from dataclasses import dataclass, replace

from seewhy.judging.steps import StepJudge
from seewhy.model.api import Generates, SamplingParams
from seewhy.records.types import Chain, Question, Verdict
from seewhy.rewards.api import Earned
from seewhy.rewards.parts.judged import earn_by_verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsReward:
    """The rise of the value over each step, at its end (arXiv 2503.10291 values the steps; credit is the difference).

    The value before the first step is taken for 0, so that the sum is the value of the last step.
    """

    policy: Generates
    continuations: int = 8
    """Of each step; VisualPRM takes 16."""
    max_steps: int = 12
    """Of a response (VisualPRM, section 3)."""
    temperature: float = 1.0
    """Of drawing continuations."""
    max_tokens: int = 256
    """Of a continuation."""
    seed: int = 0
    """Seed of the continuations."""

    def __post_init__(self) -> None:
        """Refuse settings that the judge refuses."""
        assert self._judge()

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        return earn_by_verdict(self._judge(), question, chains, _told)

    def _judge(self) -> StepJudge:
        decoding = SamplingParams(temperature=self.temperature, max_tokens=self.max_tokens, seed=self.seed)
        return StepJudge(policy=self.policy, continuations=self.continuations, max_steps=self.max_steps,
                         decoding=decoding)  # fmt: skip


def _told(_: Chain, verdict: Verdict) -> Earned:
    before, spans = 0.0, []
    for span in verdict.spans:
        spans.append(replace(span, score=span.score - before))
        before = span.score
    return Earned(value=before, spans=tuple(spans)) if spans else Earned(value=None, why="it has no step")

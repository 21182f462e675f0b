"""By rule: whether the final answer is the gold one."""

from dataclasses import dataclass, field

from seewhy.judging.api import Judge
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import Chain, Outcome, Question, Verdict
from seewhy.rewards.api import Earned
from seewhy.rewards.parts.judged import earn_by_verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeReward:
    """`right` where the answer is the gold one; an answer that no rule can compare earns nothing at all."""

    right: float = 1.0
    """Of the gold answer."""
    wrong: float = 0.0
    """Of another answer."""
    no_answer: float = 0.0
    """Of a response without a readable final answer."""
    grader: Judge = field(default_factory=OutcomeJudge)

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        return earn_by_verdict(self.grader, question, chains, self._told)

    def _told(self, _: Chain, verdict: Verdict) -> Earned:
        worth = {Outcome.CORRECT: self.right, Outcome.INCORRECT: self.wrong, Outcome.NO_ANSWER: self.no_answer}
        return Earned(value=worth[verdict.outcome])

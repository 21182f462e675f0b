"""By a model: the overall grade of a rubric, from 1 to 5 as 0 to 1."""

from dataclasses import dataclass

from seewhy.endpoints.chat import ChatModel
from seewhy.judging.rubric import HIGHEST, LOWEST, RubricJudge
from seewhy.records.types import Chain, Question, Verdict
from seewhy.rewards.api import Earned
from seewhy.rewards.parts.judged import earn_by_verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricReward:
    """(grade - 1) / 4, the mean over the votes that could be read."""

    chat_model: ChatModel
    votes: int = 1
    """Replies of the judge for each rollout."""
    temperature: float = 0.0
    """Of the judge's replies; several votes need one above 0 to differ."""
    show_gold: bool = False
    """Whether the judge is given the right answer."""
    blind: bool = False
    """Withhold the pictures from the judge."""

    def __post_init__(self) -> None:
        """Refuse settings that the judge refuses."""
        assert self._judge()

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        return earn_by_verdict(self._judge(), question, chains, _told)

    def _judge(self) -> RubricJudge:
        return RubricJudge(chat_model=self.chat_model, votes=self.votes, temperature=self.temperature,
                           show_gold=self.show_gold, blind=self.blind)  # fmt: skip


def _told(_: Chain, verdict: Verdict) -> Earned:
    if verdict.score is None:
        return Earned(value=None, why="the verdict has no grade")
    return Earned(value=(verdict.score - LOWEST) / (HIGHEST - LOWEST))

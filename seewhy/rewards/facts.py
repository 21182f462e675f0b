"""By a model: minus the number of facts that it rejects (RLAIF-V, arXiv 2405.17220)."""

from dataclasses import dataclass

from seewhy.endpoints.chat import ChatModel
from seewhy.judging.facts import FactsJudge
from seewhy.records.types import Chain, Question
from seewhy.rewards.api import Earned
from seewhy.rewards.parts.judged import earn_by_verdict, score_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsReward:
    """Minus the number of rejected facts; a response with a fact that could not be checked gets no reward (None)."""

    chat_model: ChatModel
    most: int = 20
    """Facts of one response at most."""
    blind: bool = False
    """Withhold the pictures from the judge."""

    def __post_init__(self) -> None:
        """Refuse settings that the judge refuses."""
        assert self._judge()

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        return earn_by_verdict(self._judge(), question, chains, score_of)

    def _judge(self) -> FactsJudge:
        return FactsJudge(chat_model=self.chat_model, most=self.most, blind=self.blind)

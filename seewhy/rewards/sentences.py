"""By a model: each sentence earns its score less the neutral one, where it ends (ARES, arXiv 2407.00087, step 1)."""

from dataclasses import dataclass, replace

from seewhy.endpoints.chat import ChatModel
from seewhy.judging.sentences import SentenceJudge
from seewhy.records.types import Chain, FinishReason, Question, Verdict
from seewhy.rewards.api import Earned
from seewhy.rewards.parts.judged import earn_by_verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SentencesReward:
    """score - `neutral` of each sentence, at its last token; a sentence that was said before scores 0.

    The last sentence of a response that was cut by the limit is half a sentence: it earns nothing.
    """

    chat_model: ChatModel
    neutral: float = 0.5
    """The score that is worth nothing (ARES: 0.5)."""
    show_gold: bool = True
    """Whether the judge is given the right answer, as in ARES."""
    blind: bool = False
    """Withhold the pictures from the judge."""

    def reward(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Earned, ...]:
        judge = SentenceJudge(chat_model=self.chat_model, show_gold=self.show_gold, blind=self.blind)
        return earn_by_verdict(judge, question, chains, self._told)

    def _told(self, chain: Chain, verdict: Verdict) -> Earned:
        is_cut = chain.stop is FinishReason.LENGTH
        whole = verdict.spans[:-1] if is_cut else verdict.spans
        spans = tuple(replace(span, score=span.score - self.neutral) for span in whole)
        return Earned(value=sum(span.score for span in spans), spans=spans)

"""A judge for open questions and a judge for all others: each question has one."""

from dataclasses import dataclass

from seewhy.judging.api import Judge
from seewhy.records.types import Chain, MatchRule, Question, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ByRule:
    """Open questions go to a judge that asks a model, and the others are graded by their rule."""

    matched: Judge
    open: Judge

    @property
    def name(self) -> str:
        """Both judges' names."""
        return f"{self.matched.name}; open questions: {self.open.name}"

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order, in the name of the judge that gave it."""
        judge = self.open if question.gold.rule is MatchRule.OPEN else self.matched
        return judge.judge(question, chains)

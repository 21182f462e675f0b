"""Whether a question's gold answer passes its own rule when it is given as the answer."""

from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import Chain, FinishReason, MatchRule, Question, Style, Verdict


def is_gradable(question: Question) -> bool:
    """Whether there is a gold answer, and a rule that needs no judge model."""
    return bool(question.gold.answers) and question.gold.rule is not MatchRule.OPEN


def grade_gold(question: Question, judge: OutcomeJudge) -> Verdict:
    """The verdict on the first gold answer, said alone as a direct reply.

    Raises:
        ValueError: there is nothing to grade.
    """
    if not is_gradable(question):
        raise ValueError(f"question {question.id} has no gold answer that a rule can grade")
    said = question.gold.answers[0]
    reply = Chain(
        question_id=question.id, index=0, style=Style.DIRECT, text=said, stop=FinishReason.END, sampler="gold", seed=0
    )
    return judge(question, reply)

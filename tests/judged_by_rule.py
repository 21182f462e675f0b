"""A reply's verdict by the outcome rule, without a prover of formulas."""

from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Question, Split, Style, Verdict


def never_equal(_gold: str, _answer: str) -> bool:
    return False


JUDGE = OutcomeJudge(prove=never_equal)


def verdict_on(
    reply: str, gold: str, rule: MatchRule, options: tuple[str, ...] = (), style: Style = Style.REASON
) -> Verdict:
    question = Question(
        id="q", benchmark="own", split=Split.TEST, text="?", options=options, facets={},
        gold=Gold(answers=(gold,), rule=rule),
    )  # fmt: skip
    return JUDGE(
        question,
        Chain(question_id="q", index=0, style=style, text=reply, stop=FinishReason.END, sampler="s", seed=0),
    )

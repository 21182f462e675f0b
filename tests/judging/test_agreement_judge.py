"""The judge that asks nobody, by hand: who says what of four chains, and when the majority is none."""

import pytest

from seewhy.judging.agreement import AgreementJudge
from seewhy.judging.api import judge_chains
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Outcome, Question, Split, Style

QUESTION = Question(id="q", benchmark="own", split=Split.TEST, text="?", facets={},
                    gold=Gold(answers=("9",), rule=MatchRule.EXACT))  # fmt: skip


def chains(*texts: str, style: Style = Style.REASON) -> tuple[Chain, ...]:
    return tuple(
        Chain(question_id="q", index=index, style=style, text=text, stop=FinishReason.END, sampler="s", seed=0)
        for index, text in enumerate(texts)
    )


FOUR = chains(
    "Row 2 reads 1, 4. The sum is 5. ### Answer: 5",
    "row 2  reads 1, 4. The sum is 5. ### Answer: 5",
    "Row 2 reads 1, 4. The sum is 6. ### Answer: 6",
    "Row 2 reads 1, 7. The sum is 8. ### Answer: 8",
)


def test_a_sentence_scores_the_share_of_the_other_chains_that_say_it() -> None:
    """The reading of the first is said by two of three others, its sum and answer by one; the last one's by none."""
    first, second, third, last = AgreementJudge().judge(QUESTION, FOUR)
    assert [span.score for span in first.spans] == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    assert [span.score for span in second.spans] == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    assert [span.score for span in third.spans] == pytest.approx([2 / 3, 0, 0])
    assert [span.score for span in last.spans] == pytest.approx([0, 0, 0])
    assert first.score == pytest.approx(4 / 9)
    assert [FOUR[2].text[span.start : span.end] for span in third.spans][1] == "The sum is 6."


def test_the_majority_is_correct_whatever_the_gold_answer_is() -> None:
    outcomes = [verdict.outcome for verdict in AgreementJudge().judge(QUESTION, FOUR)]
    assert outcomes == [Outcome.CORRECT, Outcome.CORRECT, Outcome.INCORRECT, Outcome.INCORRECT]


def test_a_shared_majority_is_unjudged_and_no_answer_is_none() -> None:
    mixed = chains("### Answer: 5", "### Answer: 5", "### Answer: 6", "### Answer: 6", "### Answer: 7", "")
    outcomes = [verdict.outcome for verdict in AgreementJudge().judge(QUESTION, mixed)]
    assert outcomes == [*[Outcome.UNJUDGED] * 4, Outcome.INCORRECT, Outcome.NO_ANSWER]


def test_too_few_chains_are_unjudged() -> None:
    found = AgreementJudge().judge(QUESTION, FOUR[:3])
    assert {verdict.outcome for verdict in found} == {Outcome.UNJUDGED}
    assert all(verdict.score is None and verdict.why for verdict in found)
    assert AgreementJudge(least=2).judge(QUESTION, FOUR[:3])[0].outcome is Outcome.CORRECT
    with pytest.raises(ValueError, match="least"):
        AgreementJudge(least=0)


def test_a_sentence_said_twice_in_a_chain_counts_once() -> None:
    twice = chains("It is red. It is red. ### Answer: 5", *["It is blue. ### Answer: 5"] * 3)
    assert [span.score for span in AgreementJudge().judge(QUESTION, twice)[0].spans] == pytest.approx([0, 0, 1])


def test_styles_are_counted_apart_and_order_says_nothing() -> None:
    both = (*FOUR, *chains("5", "5", "6", "6", style=Style.DIRECT))
    judge = AgreementJudge()
    found = judge.judge(QUESTION, both)
    assert found[:4] == judge.judge(QUESTION, FOUR)
    assert judge.judge(QUESTION, both[::-1]) == found[::-1]
    assert [verdict.outcome for verdict in judge_chains(judge, [QUESTION], FOUR)] == [one.outcome for one in found[:4]]

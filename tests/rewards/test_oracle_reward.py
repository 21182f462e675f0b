"""ARES's reward of sentences by the oracle, by hand: each score less one half, repeats at zero, no half sentence."""

import pytest

from seewhy.recipes.oracle_reward import OracleSentences
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Question, Split, Style

QUESTION = Question(
    id="q", benchmark="inkgrid", split=Split.TEST, text="What is the sum of row 2?",
    gold=Gold(answers=("5",), rule=MatchRule.EXACT), facets={"kind": "row_sum", "noise": "low", "page": "357/104/288"},
)  # fmt: skip
RIGHT = "Row 2 reads 1, 0, 4. 1 plus 0 is 1. 1 plus 4 is 5. The sum is 5. ### Answer: 5"


def earned(text: str, stop: FinishReason = FinishReason.END):
    chain = Chain(question_id="q", index=0, style=Style.REASON, text=text, stop=stop, sampler="s", seed=0)
    return OracleSentences().reward(QUESTION, (chain,))[0]


def test_each_right_sentence_and_the_answer_earn_a_half() -> None:
    found = earned(RIGHT)
    assert [span.score for span in found.spans] == pytest.approx([0.5] * 5)
    assert found.value == pytest.approx(2.5)
    assert [RIGHT[span.start : span.end] for span in found.spans][-1] == "### Answer: 5"


def test_a_line_with_a_wrong_digit_earns_its_share_and_what_follows_falsely_loses_a_half() -> None:
    """Two of three digits are right: 2/3 - 1/2. The sum and the answer of that reading are wrong: -1/2 each."""
    found = earned("Row 2 reads 1, 0, 7. The sum is 8. ### Answer: 8")
    assert [span.score for span in found.spans] == pytest.approx([2 / 3 - 0.5, -0.5, -0.5])


def test_a_sentence_said_again_scores_zero() -> None:
    found = earned("Row 2 reads 1, 0, 4. Row 2 reads 1, 0, 4. The sum is 5. ### Answer: 5")
    assert [span.score for span in found.spans] == pytest.approx([0.5, -0.5, 0.5, 0.5])


def test_the_sentence_at_which_a_chain_was_cut_and_unknown_ones_earn_nothing() -> None:
    assert [span.score for span in earned("Row 2 reads 1, 0, 4. The sum is 5", FinishReason.LENGTH).spans] == [0.5]
    found = earned("I see a page.")
    assert (found.value, found.spans) == (0.0, ())

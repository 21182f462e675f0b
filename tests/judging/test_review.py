"""Reviews of the reference and a reply beside each other: ratings of 1 to 10, and LLaVA-Bench's figure of them."""

import json

import pytest
from asked_judges import chain_of, id_in

from seewhy.evaluation.relative import RatedBeside, relative_score
from seewhy.judging.asking.pair_scores import PairScores, read_pair_scores
from seewhy.judging.review import ReviewJudge
from seewhy.records.types import Gold, MatchRule, Outcome, Question, Split
from seewhy.testing.scripted import ScriptedChat

WILD = Question(
    id="llavabench/test/1", benchmark="llavabench", split=Split.TEST, text="Describe it.",
    gold=Gold(answers=("A red bus on a bridge.",), rule=MatchRule.OPEN), facets={},
)  # fmt: skip


def reviewed(**ratings: object):
    chat_model = ScriptedChat(says=lambda request, _: json.dumps(
        {"id": id_in(request), "explanation": "so", **ratings}))  # fmt: skip
    (verdict,) = ReviewJudge(chat_model=chat_model).judge(WILD, (chain_of("A bus.", question=WILD),))
    return verdict


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [(8, 8, Outcome.CORRECT), (8, 9, Outcome.CORRECT), (8, 7, Outcome.INCORRECT), (0, 7, Outcome.UNJUDGED),
     (8, 11, Outcome.UNJUDGED), (8, 7.5, Outcome.UNJUDGED), ("8", 7, Outcome.UNJUDGED)],
)  # fmt: skip
def test_a_reply_that_is_rated_as_high_as_the_reference_is_correct(first, second, outcome):
    verdict = reviewed(first=first, second=second)
    assert verdict.outcome is outcome
    if outcome is not Outcome.UNJUDGED:
        assert verdict.score == second / 10
        assert read_pair_scores(verdict.why) == PairScores(first=first, second=second)
    else:
        assert verdict.score is None


def test_the_relative_score_is_a_ratio_of_sums_and_not_a_mean_of_ratios():
    """(2 + 9) / (4 + 9) = 0.846; the mean of 0.5 and 1 is 0.75."""
    rows = [RatedBeside(question_id="a", reference=4, reply=2), RatedBeside(question_id="b", reference=9, reply=9)]
    found = relative_score(rows)
    assert found.value == pytest.approx(11 / 13)
    assert found.low == pytest.approx(0.5)
    assert found.high == pytest.approx(1.0)


def test_questions_of_one_picture_are_drawn_together():
    rows = [RatedBeside(question_id=str(n), reference=10, reply=2 + 8 * (n < 4)) for n in range(8)]
    alone, together = (relative_score(rows, clusters=clusters) for clusters in
                       (None, {str(n): "first" if n < 4 else "second" for n in range(8)}))  # fmt: skip
    assert alone.value == together.value == pytest.approx(0.6)
    assert together.high - together.low > alone.high - alone.low
    with pytest.raises(ValueError, match="at least one review"):
        relative_score([])

"""Scores of sentences: joined by number, exact in their places, asked for once more, and never made up."""

import json

import pytest
from asked_judges import RIGHT, SUM, WRONG, chain_of, id_in

from seewhy.judging.sentences import SentenceJudge
from seewhy.records.turns import Role
from seewhy.records.types import Outcome
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_chat import OracleChatModel
from seewhy.testing.scripted import ScriptedChat

THREE = "It is 3.5 cm. It is 3.5 cm. So it is red."


def scoring(*tries: list[object] | str) -> SentenceJudge:
    """A judge that says the tries one after the other: scores by number, or a text."""

    def says(request, number):
        said = tries[sum(message.role is Role.ASSISTANT for message in request.messages)]
        if isinstance(said, str):
            return said
        entries = [{"sentence": at, "score": score} for at, score in said]
        return json.dumps({"id": id_in(request), "scores": entries})

    return SentenceJudge(chat_model=ScriptedChat(says=says))


def verdict_of(judge, text=THREE):
    (verdict,) = judge.judge(SUM, (chain_of(text),))
    return verdict


def test_scores_stand_at_the_sentences_they_are_about_in_whatever_order_they_come():
    verdict = verdict_of(scoring([(3, 0.2), (1, 0.9), (2, 0.9)]))
    assert [(THREE[span.start : span.end], span.score) for span in verdict.spans] == [
        ("It is 3.5 cm.", 0.9), ("It is 3.5 cm.", 0.0), ("So it is red.", 0.2),
    ]  # fmt: skip
    assert verdict.score == pytest.approx((0.9 + 0.0 + 0.2) / 3)


def test_a_repeated_sentence_is_worth_nothing_whatever_the_judge_says():
    verdict = verdict_of(scoring([(1, 1.0), (2, 1.0), (3, 1.0)]))
    assert [span.score for span in verdict.spans] == [1.0, 0.0, 1.0]
    assert verdict.outcome is Outcome.INCORRECT


@pytest.mark.parametrize(
    "bad",
    [
        [(1, 0.9), (2, 0.9)],
        [(1, 0.9), (2, 0.9), (2, 0.8)],
        [(1, 0.9), (2, 0.9), (4, 0.8)],
        [(1, 0.9), (2, 0.9), (3, 0.8), (4, 0.1)],
        [(1, 0.9), (2, 0.9), (3, 1.1)],
        [(1, 0.9), (2, 0.9), (3, -0.1)],
        [(1, 0.9), (2, 0.9), (3, 0.25)],
        [(1, 0.9), (2, 0.9), (3, "xxx")],
        "no scores today",
        "",
    ],
)
def test_a_wrong_count_or_range_is_asked_once_more_with_its_fault_and_then_unjudged(bad):
    good = [(1, 0.9), (2, 0.5), (3, 0.7)]
    mended = scoring(bad, good)
    assert [span.score for span in verdict_of(mended).spans] == [0.9, 0.0, 0.7]
    first, second = mended.chat_model.recorded
    assert second.messages[0] == first.messages[0]
    assert [message.role for message in second.messages] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert "could not be used: the reply" in second.messages[2].text
    hopeless = scoring(bad, bad)
    verdict = verdict_of(hopeless)
    assert (verdict.outcome, verdict.spans, verdict.score) == (Outcome.UNJUDGED, (), None)
    assert len(hopeless.chat_model.recorded) == 2
    assert verdict.usage.calls == 2


def test_a_failed_request_is_not_asked_again():
    judge = SentenceJudge(chat_model=ScriptedChat(says=lambda *_: "", failure="500"))
    assert verdict_of(judge).outcome is Outcome.UNJUDGED
    assert len(judge.chat_model.recorded) == 1


def test_only_the_chains_that_failed_are_asked_again_and_no_verdict_moves():
    def says(request, number):
        is_second = "So it is blue." in request.messages[0].text
        if is_second and len(request.messages) == 1:
            return "not yet"
        return json.dumps({"id": id_in(request), "scores": [{"sentence": 1, "score": 0.1 if is_second else 0.9}]})

    judge = SentenceJudge(chat_model=ScriptedChat(says=says))
    chains = (chain_of("So it is red."), chain_of("So it is blue.", 1), chain_of("So it is green.", 2))
    assert [verdict.score for verdict in judge.judge(SUM, chains)] == [0.9, 0.1, 0.9]
    assert len(judge.chat_model.recorded) == 4


def test_a_chain_is_right_where_no_sentence_is_worse_than_neutral():
    assert verdict_of(scoring([(1, 0.5)]), "So.").outcome is Outcome.CORRECT
    assert verdict_of(scoring([(1, 0.4)]), "So.").outcome is Outcome.INCORRECT


def test_the_gold_is_shown_unless_it_is_not_to_be():
    for show in (True, False):
        judge = SentenceJudge(chat_model=ScriptedChat(says=lambda *_: ""), show_gold=show)
        verdict_of(judge)
        assert ("<right_answer>\n5\n" in judge.chat_model.recorded[0].messages[0].text) is show


def test_the_oracle_finds_the_wrong_sentences_of_a_chain():
    judge = SentenceJudge(chat_model=OracleChatModel([SUM], Oracle()))
    right, wrong = judge.judge(SUM, (chain_of(RIGHT), chain_of(WRONG, 1)))
    assert [span.score for span in right.spans] == [1.0] * 5
    scores = {WRONG[span.start : span.end]: span.score for span in wrong.spans}
    assert scores == {
        "Row 2 reads 1, 0, 7.": 0.7, "1 plus 0 is 1.": 1.0, "1 plus 7 is 8.": 1.0, "The sum is 8.": 0.0,
        "### Answer: 8": 0.0,
    }  # fmt: skip
    assert (judge.confidence(right), judge.confidence(wrong)) == (1.0, 0.0)

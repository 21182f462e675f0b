"""The rubric: grades are means of votes that can be read, and a reply that cannot is no grade."""

import pytest
from asked_judges import RIGHT, SUM, WRONG, chain_of, grades_for

from seewhy.endpoints.chat import Reply
from seewhy.judging.outcome import OutcomeJudge
from seewhy.judging.prompts.template import PromptTemplate
from seewhy.judging.rubric import RubricJudge, agreement_of
from seewhy.records.types import FinishReason, Outcome
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_chat import OracleChatModel
from seewhy.testing.scripted import ScriptedChat


def voting(*overall: int | str) -> RubricJudge:
    """A judge whose votes are grades of their own or texts."""
    chat_model = ScriptedChat(
        says=lambda request, number: one if isinstance(one := overall[number], str) else grades_for(request, one)
    )
    return RubricJudge(chat_model=chat_model, votes=len(overall), temperature=0.7 if len(overall) > 1 else 0.0)


def verdict_of(judge: RubricJudge, text: str = RIGHT):
    (verdict,) = judge.judge(SUM, (chain_of(text),))
    return verdict


def test_the_score_is_the_mean_of_the_overall_grades():
    verdict = verdict_of(voting(4, 4, 5))
    assert verdict.score == pytest.approx(13 / 3)
    assert verdict.outcome is Outcome.CORRECT
    assert (verdict.answer, verdict.rule) == ("5", "answer mark")
    assert "3 of 3 votes can be read: overall 4, 4, 5, agreement 0.33" in verdict.why
    assert verdict.agreement == 1 / 3


@pytest.mark.parametrize(
    ("votes", "score"), [((4, 2, "none"), 3.0), ((4, "none", "none"), None), ((4, "none"), None), (("none",), None)]
)
def test_more_than_half_of_the_votes_must_be_readable(votes, score):
    verdict = verdict_of(voting(*votes))
    assert verdict.score == score
    assert (verdict.outcome is Outcome.UNJUDGED) is (score is None)


def test_an_unreadable_reply_never_becomes_a_middle_grade():
    for bad in ("", "3", "overall: 3", '{"overall": 3}'):
        verdict = verdict_of(voting(bad))
        assert (verdict.outcome, verdict.score) == (Outcome.UNJUDGED, None)
        assert verdict.why


def test_the_outcome_follows_the_grade_of_the_answer():
    for grade, outcome in ((5, Outcome.CORRECT), (4, Outcome.CORRECT), (3, Outcome.INCORRECT), (1, Outcome.INCORRECT)):
        chat_model = ScriptedChat(says=lambda request, _, grade=grade: grades_for(request, answer_accuracy=grade))
        assert verdict_of(RubricJudge(chat_model=chat_model)).outcome is outcome


def test_grades_meet_their_chain_by_id_and_not_by_order():
    heard = []
    chat_model = ScriptedChat(says=lambda request, _: heard.append(grades_for(request)) or heard[0])
    first, second = RubricJudge(chat_model=chat_model).judge(SUM, (chain_of(RIGHT), chain_of(WRONG, 1)))
    assert first.outcome is Outcome.CORRECT
    assert (second.outcome, second.score) == (Outcome.UNJUDGED, None)
    assert "about something else" in second.why


def test_a_failed_request_and_a_cut_off_reply_are_unjudged_with_their_reason():
    failed = RubricJudge(chat_model=ScriptedChat(says=lambda *_: "", failure="the server answered 500 five times"))
    assert verdict_of(failed).why == "the server answered 500 five times"
    cut = ScriptedChat(says=lambda request, _: Reply(text=grades_for(request), stop=FinishReason.LENGTH))
    assert "cut off" in verdict_of(RubricJudge(chat_model=cut)).why


def test_an_empty_chain_is_no_answer_and_nobody_is_asked():
    judge = voting(4)
    verdict = verdict_of(judge, "  ")
    assert verdict.outcome is Outcome.NO_ANSWER
    assert judge.chat_model.recorded == []


def test_the_pictures_go_with_the_prompt_unless_the_judge_is_blind():
    judge = voting(4)
    verdict_of(judge)
    verdict_of(RubricJudge(chat_model=judge.chat_model, blind=True))
    seen, unseen = (request.messages[0] for request in judge.chat_model.recorded)
    assert (seen.images, unseen.images) == (SUM.images, ())
    assert "not shown" in unseen.text


def test_the_gold_is_in_the_prompt_only_when_asked_for():
    secret = "4711"
    judge = voting(4)
    question = SUM.__class__(**{name: getattr(SUM, name) for name in SUM.__slots__} | {
        "gold": SUM.gold.__class__(answers=(secret,), rule=SUM.gold.rule)})  # fmt: skip
    for shown in (False, True):
        RubricJudge(chat_model=judge.chat_model, show_gold=shown).judge(question, (chain_of(RIGHT),))
        assert (secret in judge.chat_model.recorded[-1].messages[0].text) is shown


def test_the_verdict_tells_what_it_cost():
    usage = verdict_of(voting(4)).usage
    assert (usage.calls, usage.dollars) == (1, 0.001)
    assert usage.prompt_tokens > 100


def test_votes_that_would_all_be_one_are_refused():
    with pytest.raises(ValueError, match="at temperature 0 are one vote"):
        RubricJudge(chat_model=voting(4).chat_model, votes=3)
    with pytest.raises(ValueError, match="votes must be 1 or above"):
        RubricJudge(chat_model=voting(4).chat_model, votes=0)


def test_a_prompt_without_the_reply_is_refused():
    with pytest.raises(ValueError, match=r"lacks the slot \{\{id\}\}, \{\{reply\}\}"):
        RubricJudge(chat_model=voting(4).chat_model, template=PromptTemplate(text="{{question}}"))


@pytest.mark.parametrize(
    ("grades", "agreement"), [([3], None), ([3, 3], 1.0), ([3, 4], 0.0), ([3, 3, 4, 4], 1 / 3), ([], None)]
)
def test_agreement_is_the_share_of_pairs_of_votes_that_are_equal(grades, agreement):
    assert agreement_of(grades) == agreement


def test_belief_runs_from_0_at_grade_1_to_1_at_grade_5():
    beliefs = [voting(grade).confidence(verdict_of(voting(grade))) for grade in (1, 3, 5)]
    assert beliefs == [0.0, 0.5, 1.0]
    assert voting("").confidence(verdict_of(voting(""))) is None


def test_the_oracle_grades_a_right_chain_above_a_wrong_one():
    judge = RubricJudge(chat_model=OracleChatModel([SUM], Oracle()))
    right, wrong = judge.judge(SUM, (chain_of(RIGHT), chain_of(WRONG, 1)))
    assert (right.outcome, right.score) == (Outcome.CORRECT, 5.0)
    assert wrong.outcome is Outcome.INCORRECT
    assert wrong.score is not None
    assert wrong.score <= 2.0
    assert right.judge.startswith("rubric by oracle-0, prompt ")


def test_by_gold_outcomes_are_those_of_judge_outcome_on_the_same_chains_and_scores_are_the_grades():
    """The third chain is cut within the thought that the first closes and did not open: it has no answer yet."""
    texts = ("Row 2 reads 1, 0, 4.</think>### Answer: 5", f"</think>{WRONG}", "It could be 5. ### Answer: 5", "")
    chains = tuple(chain_of(text, number) for number, text in enumerate(texts))
    chat_model = ScriptedChat(says=lambda request, _: grades_for(request, 3))
    verdicts = RubricJudge(chat_model=chat_model, by_gold=True).judge(SUM, chains)
    assert [one.outcome for one in verdicts] == [one.outcome for one in OutcomeJudge().judge(SUM, chains)]
    assert [one.outcome for one in verdicts] == [
        Outcome.CORRECT, Outcome.INCORRECT, Outcome.NO_ANSWER, Outcome.NO_ANSWER,
    ]  # fmt: skip
    assert [one.score for one in verdicts] == [3.0, 3.0, 3.0, None]


def test_by_gold_a_chain_whose_grades_cannot_be_read_stays_unjudged():
    judge = RubricJudge(chat_model=ScriptedChat(says=lambda *_: "none"), by_gold=True)
    assert verdict_of(judge).outcome is Outcome.UNJUDGED

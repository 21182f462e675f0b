"""Values of steps: the share of continuations that end right, each from its own beginning."""

from dataclasses import replace

import pytest
from asked_judges import RIGHT, SUM, WRONG, chain_of

from seewhy.judging.steps import StepJudge
from seewhy.model.api import SamplingParams
from seewhy.records.types import FinishReason, Gold, MatchRule, Outcome
from seewhy.testing.oracle import Oracle
from seewhy.testing.scripted import ScriptedModel

TWO = "It is odd. It is 5. ### Answer: 5"


def going_on(*endings: str, **settings) -> StepJudge:
    """A judge whose policy ends its continuations in turn, by their index."""
    policy = ScriptedModel(says=lambda ask, index: f"{ask.beginning.text} {endings[index % len(endings)]}")
    return StepJudge(policy=policy, **settings)


def verdict_of(judge, text=TWO, **changes):
    (verdict,) = judge.judge(SUM, (replace(chain_of(text), **changes),))
    return verdict


def test_a_step_is_worth_the_share_of_its_continuations_that_end_right():
    """Three of four are right; the last step is the chain's own answer."""
    verdict = verdict_of(going_on("### Answer: 5", "### Answer: 5", "### Answer: 5", "### Answer: 8"))
    assert [(TWO[span.start : span.end], span.score) for span in verdict.spans] == [
        ("It is odd.", 0.75), ("It is 5.", 0.75), ("### Answer: 5", 1.0),
    ]  # fmt: skip
    assert verdict.score == pytest.approx(2.5 / 3)
    assert verdict.outcome is Outcome.CORRECT


def test_a_continuation_without_an_answer_is_not_right():
    spans = verdict_of(going_on("### Answer: 5", "and so on, and so on, without an end of it")).spans
    assert spans[0].score == 0.5


def test_a_step_after_which_nothing_ends_right_makes_the_chain_wrong_and_is_named():
    verdict = verdict_of(going_on("### Answer: 8"))
    assert verdict.outcome is Outcome.INCORRECT
    assert verdict.why == "no continuation is right after: It is odd."


def test_each_step_is_continued_from_its_own_end_with_the_chain_s_tokens():
    judge = going_on("### Answer: 5", continuations=3)
    verdict_of(judge, token_ids=(4, 5, 6))
    assert [ask.beginning.text for ask in judge.policy.recorded] == ["It is odd.", "It is odd. It is 5."]
    assert {ask.beginning.token_ids for ask in judge.policy.recorded} == {(4, 5, 6)}
    assert {ask.count for ask in judge.policy.recorded} == {3}


def test_a_chain_that_was_cut_off_is_continued_from_its_end_too():
    judge = going_on("### Answer: 5")
    verdict = verdict_of(judge, "It is odd. It is", stop=FinishReason.LENGTH)
    assert [ask.beginning.text for ask in judge.policy.recorded] == ["It is odd.", "It is odd. It is"]
    assert [span.score for span in verdict.spans] == [1.0, 1.0]


def test_at_most_so_many_steps_are_continued():
    judge = going_on("### Answer: 5", max_steps=2)
    verdict_of(judge, "A is. B is. C is. D is. ### Answer: 5")
    assert [ask.beginning.text for ask in judge.policy.recorded] == ["A is. B is. C is."]


def test_what_no_rule_can_grade_is_unjudged():
    judge = going_on("### Answer: 5")
    (verdict,) = judge.judge(replace(SUM, gold=Gold(answers=(), rule=MatchRule.OPEN)), (chain_of(TWO),))
    assert (verdict.outcome, verdict.score, verdict.spans) == (Outcome.UNJUDGED, None, ())


def test_a_policy_that_begins_anew_is_an_error_and_not_a_value():
    judge = StepJudge(policy=ScriptedModel(says=lambda ask, index: "The sum is 5. ### Answer: 5"))
    with pytest.raises(ValueError, match=r"asked to go on from 'It is odd\.' and began anew"):
        verdict_of(judge)


def test_every_chain_has_its_own_verdict_whatever_stands_beside_it():
    judge = StepJudge(policy=Oracle(error_rate=0.4), continuations=4)
    chains = (chain_of(RIGHT), chain_of(WRONG, 1), chain_of("", 2), chain_of("5", 3))
    together = judge.judge(SUM, chains)
    assert together == tuple(judge.judge(SUM, (chain,))[0] for chain in chains)
    assert [verdict.index for verdict in together] == [0, 1, 2, 3]
    assert together[2].outcome is Outcome.NO_ANSWER


def test_the_oracle_as_policy_shows_the_first_wrong_step():
    judge = StepJudge(policy=Oracle(), continuations=2)
    right, wrong = judge.judge(SUM, (chain_of(RIGHT), chain_of(WRONG, 1)))
    assert (right.outcome, right.score) == (Outcome.CORRECT, 1.0)
    assert [span.score for span in wrong.spans] == [0.0] * 5
    late = RIGHT.replace("The sum is 5. ### Answer: 5", "The sum is 8. ### Answer: 8")
    (late_wrong,) = judge.judge(SUM, (chain_of(late),))
    assert [span.score for span in late_wrong.spans] == [1.0, 1.0, 1.0, 0.0, 0.0]


def test_settings_that_would_draw_one_continuation_over_and_over_are_refused():
    with pytest.raises(ValueError, match="at temperature 0 are one"):
        going_on("", decoding=SamplingParams(temperature=0.0))
    with pytest.raises(ValueError, match="must be 1 or above"):
        going_on("", continuations=0)


def test_the_name_tells_policy_and_continuations():
    assert going_on("").name == "steps by scripted-1, 16 continuations graded by outcome"
    cool = going_on("", max_steps=4, decoding=SamplingParams(temperature=0.7))
    assert cool.name == "steps by scripted-1, 16 continuations graded by outcome, max steps 4, temperature 0.7"

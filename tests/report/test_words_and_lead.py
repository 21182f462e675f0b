"""Sentences claim no more than their intervals, and numbers read as written by a person."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_report import make_card, make_report, make_step

from seewhy.records.measured_doubts import Cut
from seewhy.records.measures import Interval
from seewhy.records.types import Style
from seewhy.report.compose import compose
from seewhy.report.doubts import tell_doubts
from seewhy.report.head import make_tiles
from seewhy.report.inputs import Credit, Evaluation, ModelName, TrainingRun
from seewhy.report.lead import tell_difference, tell_what_happened
from seewhy.report.results import measured_lines
from seewhy.report.words import MINUS, SPACE, say_p, say_percent, say_plural, say_points, say_seconds


def plain(text: str) -> str:
    return text.replace(SPACE, " ").replace(MINUS, "-")


def tell(difference: float, low: float, high: float, *, with_levels: bool = False) -> str:
    step = make_step("base", "sft", difference, low, high, "SFT")
    levels = (make_card("base", Style.REASON, 0.312), make_card("sft", Style.REASON, 0.64)) if with_levels else None
    return plain(tell_difference("SFT", step.change, Style.REASON, levels))


def test_a_gain_is_told_with_both_accuracies_and_its_interval():
    assert tell(0.328, 0.296, 0.360, with_levels=True) == (
        "SFT raised accuracy on 1,000 test questions from 31.2 % to 64.0 % when asked to reason "
        "(+32.8 points, 95 % interval +29.6 to +36.0)."
    )


def test_a_loss_is_told_as_lowered():
    assert tell(-0.05, -0.08, -0.02).startswith(
        "SFT lowered accuracy on 1,000 test questions when asked to reason (-5.0"
    )


@pytest.mark.parametrize(("low", "high"), [(-0.01, 0.02), (0.0, 0.02), (-0.02, 0.0), (0.0, 0.0)])
def test_an_interval_that_holds_zero_tells_that_no_difference_can_be_seen(low, high):
    told = tell((low + high) / 2, low, high)
    assert "no difference can be seen" in told
    assert "raised" not in told
    assert "lowered" not in told


@given(st.floats(-1, 1), st.floats(0.0005, 0.2))
def test_a_sentence_claims_a_direction_only_where_the_interval_lies_on_that_side(middle, half):
    low, high = middle - half, middle + half
    told = tell(middle, low, high)
    assert ("raised" in told) == (low > 0)
    assert ("lowered" in told) == (high < 0)


def test_chains_of_thought_are_told_before_direct_answers():
    report = make_report()
    direct = dataclasses.replace(report.steps[0], style=Style.DIRECT, what="Direct SFT")
    told = tell_what_happened(dataclasses.replace(report, steps=(direct, *report.steps)))
    assert told[0].startswith("SFT raised")
    assert told[len(report.steps)].startswith("Direct SFT raised accuracy on 1,000 test questions from")


def test_the_lead_never_calls_pass_at_k_a_way_to_choose():
    told = " ".join(tell_what_happened(make_report()))
    assert "vote weighted by implicit reward" in told
    assert "pass@k" not in told


@pytest.mark.parametrize(
    ("area", "claim"),
    [
        ((0.71, 0.66, 0.75), "lower on wrong sentences than on right ones"),
        ((0.52, 0.47, 0.57), "no power to tell wrong sentences from right ones can be seen"),
        ((0.40, 0.35, 0.45), "the wrong way round"),
    ],
)
def test_credit_is_praised_only_as_far_as_its_interval_goes(area, claim):
    value, low, high = area
    credit = Credit(auroc=Interval(value=value, low=low, high=high))
    told = tell_what_happened(dataclasses.replace(make_report(), credits=(credit,)))
    assert any(claim in sentence for sentence in told)


def test_unjudged_replies_are_named_among_what_to_distrust():
    report = make_report()
    doubtful = dataclasses.replace(report.cards[0], unjudged=3)
    told = tell_doubts(dataclasses.replace(report, cards=(doubtful, *report.cards[1:])))
    assert any(sentence.startswith("3 test replies could not be judged") for sentence in told)


def test_the_head_tells_the_cost_after_the_gain_and_money_where_servers_were_paid():
    report = make_report()
    stages = tuple(dataclasses.replace(stage, dollars=0.5) for stage in report.stages[:2])
    told = tell_what_happened(dataclasses.replace(report, stages=stages))
    assert "servers were paid 1.00 dollars" in told[len(report.steps)]
    assert "no server was paid" in tell_what_happened(report)[len(report.steps)]


def test_a_comparison_that_shows_nothing_tells_what_it_could_have_shown():
    step = make_step("base", "sft", 0.01, -0.02, 0.04, "SFT")
    blunt = dataclasses.replace(step, change=dataclasses.replace(step.change, detectable=0.043))
    told = plain(" ".join(tell_doubts(dataclasses.replace(make_report(), steps=(blunt,)))))
    assert "a change of 4.3 points or more in four of five cases" in told


@pytest.mark.parametrize(("cut", "is_told"), [(50, False), (51, True)])
def test_replies_that_the_limit_cut_are_counted_beside_the_accuracy_and_told_from_a_twentieth_on(cut, is_told):
    report = make_report()
    model = report.models[-1]
    cuts = (Cut(model=model.key, style=Style.REASON, blind=False, n=1000, cut=cut, max_tokens=128),)
    card = make_card(model.key, Style.REASON, 0.5)
    measured = Evaluation(name="test", models=(model.key,), cards=(card,), changes={}, cuts=cuts)
    (line,) = measured_lines(measured)
    assert f", {cut} cut at 128 tokens" in line
    told = plain(" ".join(tell_doubts(dataclasses.replace(report, measurements=(measured,)))))
    assert (f"5.1 % of the replies of {model.label} were cut at 128 tokens" in told) == is_told
    assert ("were cut at" in told) == is_told


@pytest.mark.parametrize("blind", [False, True])
def test_replies_without_an_answer_are_counted_beside_each_accuracy_with_pictures_and_without(blind):
    card = dataclasses.replace(make_card("sft", Style.REASON, 0.5), blind=blind, no_answer=7, unjudged=2)
    measured = Evaluation(name="test", models=("sft",), cards=(card,), changes={}, cuts=())
    assert measured_lines(measured)[0].endswith(", 7 without an answer, 2 unjudged")


def test_numbers_read_as_a_person_writes_them():
    assert plain(say_percent(0.6396)) == "64.0 %"
    assert plain(say_points(-0.0004)) == "0.0"
    assert plain(say_points(0.0006)) == "+0.1"
    assert [plain(say_seconds(t)) for t in (59.94, 59.96, 3599.6)] == ["59.9 s", "1 min 00 s", "1 h 00 min"]
    assert [plain(say_p(p)) for p in (0.0009, 0.001)] == ["< 0.001", "0.001"]
    assert say_plural(1, "reply", "replies") == "1 reply"


def test_a_change_is_told_between_the_accuracies_that_were_compared_not_those_of_another_test():
    report = make_report()
    levels = (make_card("sft", Style.REASON, 0.552), make_card("mpo", Style.REASON, 0.62))
    step = dataclasses.replace(make_step("sft", "mpo", 0.068, 0.042, 0.093, "DPO (sighted)"), levels=levels)
    told = plain(tell_what_happened(dataclasses.replace(report, steps=(step,)))[0])
    assert told.startswith("DPO (sighted) raised accuracy on 1,000 test questions from 55.2 % to 62.0 %")


def test_models_that_the_sentences_compare_have_the_tiles():
    report = make_report()
    many = [ModelName(key=f"m{i}", label=f"M{i}") for i in range(20)]
    cards = tuple(make_card(model.key, Style.REASON, 0.5) for model in many)
    steps = (make_step("m3", "m17", 0.1, 0.05, 0.15, ""),)
    tiles = make_tiles(dataclasses.replace(report, models=tuple(many), cards=cards, steps=steps))
    assert [tile.label for tile in tiles] == ["M0", "M1", "M2", "M3", "M4", "M5", "M6", "M17"]


@pytest.mark.parametrize(("is_online", "kind"), [(True, "Online training"), (False, "Preference training")])
def test_a_training_on_rewards_is_no_preference_training(is_online, kind):
    cards = tuple(make_card(model, Style.REASON, 0.5) for model in ("base", "grpo"))
    change = make_step("base", "grpo", 0.1, 0.05, 0.15, "").change
    measured = Evaluation(name="test", models=("base", "grpo"), cards=cards,
                          changes={("base", "grpo", Style.REASON): change})  # fmt: skip
    trained = TrainingRun(name="grpo", start="base", objective="grpo", is_online=is_online, steps=())
    report = make_report()
    made = compose(report.header, {"test": measured, "grpo": trained}, (), report.reproduction)
    assert [step.what for step in made.steps] == [f"{kind} by GRPO"]

"""Early stop of sampling: which questions are stopped, that no other chain changes, and how likely one is lost."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.benchmarks import inkgrid
from seewhy.records.types import Split, Style
from seewhy.sampling.early import EarlyStop, Fate
from seewhy.sampling.plan import SamplingPlan
from seewhy.sampling.sample import sample_chains, sample_in_turns
from seewhy.testing.oracle import Oracle


@given(st.integers(1, 31), st.integers(0, 31), st.lists(st.booleans(), min_size=31, max_size=31))
def test_without_risk_no_question_is_stopped_that_could_still_reach_the_band(first, right, rest):
    right, left = min(right, first), 32 - first
    stop = EarlyStop(first=first)
    final = (right + sum(rest[:left])) / 32
    if stop.fate(right, first, left) is not Fate.LIVE:
        assert not 0.25 <= final <= 0.85


def test_the_first_chains_decide_by_hand():
    """0.75^8 = 0.100 and 8 * 0.25 * 0.75^7 + 0.100 = 0.367; 0.85^8 = 0.272."""
    stop = EarlyStop(first=8, risk=0.101)
    assert [stop.fate(right, 8, 24) for right in (0, 1, 7, 8)] == [Fate.TOO_HARD, *[Fate.LIVE] * 3]
    assert EarlyStop(first=8, risk=0.3).fate(8, 8, 24) is Fate.TOO_EASY
    # 24 right of 32 is 0.75: with all the rest right the lower end is reached.
    assert EarlyStop(first=8).fate(0, 8, 24) is Fate.LIVE
    assert EarlyStop(first=25).fate(0, 25, 7) is Fate.TOO_HARD
    assert EarlyStop(first=8, risk=0.5).fate(0, 0, 24) is Fate.LIVE


@pytest.mark.parametrize("accuracy", [0.1, 0.25, 0.5, 0.85, 0.95])
def test_the_chance_of_a_stop_is_the_share_that_is_stopped(accuracy):
    stop, rng = EarlyStop(first=8, risk=0.2), random.Random(accuracy)
    stopped = sum(
        stop.fate(sum(rng.random() < accuracy for _ in range(8)), 8, 24) is not Fate.LIVE for _ in range(4000)
    )
    assert stop.chance_of_stop(accuracy, 32) == pytest.approx(stopped / 4000, abs=0.025)


def test_at_the_ends_of_the_band_the_chance_is_at_most_the_risk():
    for risk in (0.0, 0.05, 0.1, 0.3):
        stop = EarlyStop(first=8, risk=risk)
        assert stop.chance_of_stop(0.25, 32) <= 2 * risk
        assert stop.chance_of_stop(0.85, 32) <= 2 * risk


def test_topped_up_chains_are_those_that_would_have_been_drawn_without_a_stop(tmp_path):
    questions = list(inkgrid.load(tmp_path, Split.TRAIN, count=4))
    plan, oracle = SamplingPlan(questions=4, per_question=6), Oracle(error_rate=0.5, seed=1)
    whole = list(sample_chains(oracle, questions, plan))
    live = {questions[0].id, questions[2].id}
    turns = list(sample_in_turns(oracle, questions, plan, Style.REASON, 2, lambda question, _: question.id in live))
    assert turns == [chain for chain in whole if chain.question_id in live or chain.index < 2]


@pytest.mark.parametrize("settings", [{"lowest": 0.9}, {"risk": 1.5}, {"first": -1}, {"highest": float("nan")}])
def test_a_stop_that_nobody_can_mean_is_refused_by_name(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        EarlyStop(**settings)

"""Pairs by score: best over worst, a margin apart, and an account of every prompt and chain."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_rows import RIGHT, UNJUDGED, WRONG, judged_row, split_rows

from seewhy.pairs.by_outcome import pair_chains
from seewhy.pairs.by_score import ByScore, ScoreAccount, account_of_scores
from seewhy.records.types import FinishReason, Outcome


def scored_rows(*scores, question="q", **settings):
    """A chain of each score, UNJUDGED where it is None, with indices from 0."""
    rows = []
    for index, score in enumerate(scores):
        outcome = UNJUDGED if score is None else WRONG
        chain, verdict = judged_row(outcome, index, question=question, **settings)
        rows.append((chain, replace(verdict, score=score)))
    return rows


def pairs_of(rule, rows):
    return list(pair_chains(rule, *split_rows(rows)))


def test_the_best_is_chosen_over_the_worst_and_the_margin_is_told():
    (pair,) = pairs_of(ByScore(), scored_rows(3.0, 5.0, 1.0, 4.0))
    assert (pair.chosen.token_ids, pair.rejected.token_ids, pair.margin) == ((1, 7), (2, 7), 4.0)


def test_of_equal_scores_the_earlier_chain_is_taken_whatever_the_order_of_the_rows():
    rows = scored_rows(5.0, 5.0, 1.0, 1.0)
    assert pairs_of(ByScore(), rows) == pairs_of(ByScore(), rows[::-1])
    (pair,) = pairs_of(ByScore(), rows)
    assert (pair.chosen.token_ids, pair.rejected.token_ids) == ((0, 7), (2, 7))


def test_a_margin_of_mean_votes_is_met_to_within_rounding():
    third = 1 / 3
    assert pairs_of(ByScore(), scored_rows(4 + third, 3 + third))
    assert pairs_of(ByScore(margin=0.1), scored_rows(0.7, 0.8))
    assert not pairs_of(ByScore(), scored_rows(4.0, 3.01))


def test_chains_without_score_cut_off_or_repeated_stand_in_no_pair():
    cut = scored_rows(9.0, stop=FinishReason.LENGTH)
    rows = [*scored_rows(None, 5.0, 1.0), *((replace(c, index=3), replace(v, index=3)) for c, v in cut)]
    (pair,) = pairs_of(ByScore(), rows)
    assert pair.margin == 4.0
    same = scored_rows(5.0, 1.0, text="the same")
    assert not pairs_of(ByScore(), same)


def test_the_account_of_six_prompts_worked_by_hand():
    groups = {"kept": (5.0, 1.0), "low": (2.0, 1.0), "close": (4.0, 3.5), "alone": (4.0, None), "none": (None,)}
    rows = [row for name, scores in groups.items() for row in scored_rows(*scores, question=name)]
    rows += scored_rows(4.0, 1.0, question="same", text="the same")
    assert account_of_scores(ByScore(above=2.0), *split_rows(rows)) == ScoreAccount(
        seen=6,
        kept=1,
        too_few_judged=3,
        best_too_low=1,
        no_margin=1,
        one_outcome=0,
        chains=11,
        no_score=2,
        cut_off=0,
        repeated=1,
    )


def test_a_best_score_at_the_bound_is_too_low():
    assert not pairs_of(ByScore(above=2.0), scored_rows(2.0, 1.0))
    assert pairs_of(ByScore(above=2.0), scored_rows(2.5, 1.0))


@given(
    st.lists(st.lists(st.none() | st.integers(1, 5).map(float), min_size=1, max_size=6), min_size=1, max_size=4),
    st.integers(1, 3),
    st.integers(2, 3),
)
def test_every_prompt_has_one_fate_and_every_pair_its_margin(groups, margin, least):
    rows = [row for n, scores in enumerate(groups) for row in scored_rows(*scores, question=f"q{n}")]
    rule = ByScore(margin=margin, least_judged=least)
    pairs, told = pairs_of(rule, rows), account_of_scores(rule, *split_rows(rows))
    assert all(pair.margin >= margin for pair in pairs)
    assert told.kept == len(pairs)
    assert told.seen == len(groups) == told.kept + told.too_few_judged + told.best_too_low + told.no_margin
    assert told.chains == len(rows)
    assert told.no_score == sum(verdict.outcome is Outcome.UNJUDGED for _, verdict in rows)


@given(st.lists(st.tuples(st.sampled_from(Outcome), st.none() | st.integers(1, 5).map(float)), min_size=1, max_size=8))
def test_where_right_is_asked_a_right_chain_is_preferred_to_a_wrong_one_and_no_other(graded):
    rows = []
    for index, (outcome, score) in enumerate(graded):
        chain, verdict = judged_row(outcome, index)
        rows.append((chain, replace(verdict, score=score)))
    outcomes = {chain.text: verdict.outcome for chain, verdict in rows}
    pairs = pairs_of(ByScore(right=True), rows)
    assert all(outcomes[pair.chosen.text] is RIGHT and outcomes[pair.rejected.text] is WRONG for pair in pairs)
    scores = {kind: [score for outcome, score in graded if outcome is kind and score] for kind in (RIGHT, WRONG)}
    widest = max(scores[RIGHT], default=0.0) - min(scores[WRONG], default=9.0)
    assert [pair.margin for pair in pairs] == ([widest] if widest >= 1 else [])


@pytest.mark.parametrize("settings", [{"margin": 0.0}, {"margin": -1.0}, {"least_judged": 1}])
def test_a_rule_that_would_prefer_among_equals_is_refused(settings):
    with pytest.raises(ValueError, match=r"margin|least_judged"):
        ByScore(**settings)

"""A plan of pairs is one rule with its settings; what the rule would not read is refused."""

import pytest

from seewhy.pairs.by_outcome import ByOutcome
from seewhy.pairs.by_score import ByScore
from seewhy.pairs.plan import PairingPlan


def test_without_a_word_pairs_are_made_by_outcome_as_the_rule_s_own_defaults_say():
    assert PairingPlan().rule == ByOutcome()
    assert PairingPlan(by="score").rule == ByScore()


def test_every_setting_reaches_its_rule():
    by_outcome = {"lowest": 0.1, "highest": 0.6, "most": 5, "seed": 9, "format_negatives": True}
    assert PairingPlan(**by_outcome).rule == ByOutcome(**by_outcome)
    by_score = {"margin": 0.3, "above": 2.0, "least_judged": 4}
    assert PairingPlan(by="score", seed=9, **by_score).rule == ByScore(**by_score)


def test_by_score_a_question_has_one_pair_at_most():
    assert (PairingPlan(most=5).max_pairs, PairingPlan(by="score").max_pairs) == (5, 1)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"by": "scores"}, r"by='scores': pairs are made by outcome or score"),
        ({"margin": 0.5}, r"margin=0.5 is a setting of pairs by score, and these are made by outcome"),
        ({"by": "outcome", "above": 0.0}, r"above=0.0 is a setting of pairs by score"),
        ({"by": "score", "most": 2}, r"most=2 is a setting of pairs by outcome, and these are made by score"),
        ({"by": "score", "lowest": 0.0}, r"lowest=0.0 is a setting of pairs by outcome"),
        ({"lowest": 0.9, "highest": 0.1}, r"the band \[0.9, 0.1\]"),
        ({"by": "score", "margin": 0.0}, r"margin=0.0: equal scores are no preference"),
        ({"by": "score", "least_judged": 1}, r"least_judged=1: a pair needs 2 chains"),
    ],
)
def test_a_plan_that_no_rule_would_follow_is_refused(settings, why):
    with pytest.raises(ValueError, match=why):
        PairingPlan(**settings)

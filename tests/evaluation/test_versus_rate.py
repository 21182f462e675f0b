"""Win rates: ties count, contradictions are ties, and the place shows."""

import pytest

from seewhy.evaluation.intervals import wilson_interval
from seewhy.evaluation.versus import win_rate
from seewhy.records.measures import Contest, Preferred
from seewhy.records.types import Style

FIRST, SECOND, TIE = Preferred.FIRST, Preferred.SECOND, Preferred.TIE


def contests(*orders):
    return [
        Contest(question_id=f"q{number}", index=0, style=Style.REASON, ahead=ahead, behind=behind)
        for number, (ahead, behind) in enumerate(orders)
    ]


def test_six_contests_worked_by_hand():
    """Scores 1, 1, .5, .5, .25 and 0: two won, two tied, two lost. Of nine orders that call no tie, five say first."""
    rate = win_rate(contests((FIRST, SECOND), (FIRST, SECOND), (FIRST, FIRST), (TIE, TIE), (SECOND, TIE),
                             (SECOND, FIRST), (FIRST, None), (None, None)))  # fmt: skip
    assert (rate.n, rate.wins, rate.ties, rate.losses, rate.unjudged) == (6, 2, 2, 2, 2)
    assert rate.won == wilson_interval(2, 6)
    assert rate.score.value == pytest.approx((1 + 1 + 0.5 + 0.5 + 0.25 + 0) / 6)
    assert rate.first == wilson_interval(5, 9)
    assert rate.agreement == pytest.approx(4 / 6)


def test_a_judge_that_always_prefers_the_first_has_no_winner_and_full_bias():
    rate = win_rate(contests(*[(FIRST, FIRST)] * 10))
    assert (rate.wins, rate.losses, rate.score.value, rate.agreement) == (0, 0, 0.5, 0.0)
    assert rate.first is not None
    assert rate.first.value == 1.0
    assert rate.first.low > 0.5


def test_a_judge_without_a_bias_is_at_one_half_and_its_interval_holds_it():
    rate = win_rate(contests(*[(FIRST, SECOND)] * 7, *[(SECOND, FIRST)] * 3))
    assert rate.first is not None
    assert rate.first.value == 0.5
    assert rate.won.value == rate.score.value == 0.7
    assert rate.agreement == 1.0


def test_swapping_chain_and_rival_turns_the_rate_round():
    turn = {FIRST: SECOND, SECOND: FIRST, TIE: TIE}
    orders = [(FIRST, SECOND), (FIRST, TIE), (SECOND, FIRST), (FIRST, SECOND)]
    rate, turned = win_rate(contests(*orders)), win_rate(contests(*[(turn[b], turn[a]) for a, b in orders]))
    assert turned.score.value == pytest.approx(rate.score.value), "both orders swap and both preferences turn"
    swapped = win_rate(contests(*[(b, a) for a, b in orders]))
    assert swapped.score.value == pytest.approx(1 - rate.score.value)
    assert (swapped.wins, swapped.losses) == (rate.losses, rate.wins)


def test_all_ties_have_no_first_share_and_nothing_judged_is_an_error():
    assert win_rate(contests((TIE, TIE))).first is None
    with pytest.raises(ValueError, match="none of 1 contests"):
        win_rate(contests((FIRST, None)))

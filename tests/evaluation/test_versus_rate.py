"""Win rates: ties count, contradictions are ties, and the place shows."""

from dataclasses import replace

import numpy as np
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
    assert rate.first is not None
    assert rate.first.value == 5 / 9
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


def test_several_chains_of_a_question_count_as_one_question():
    """A hundred questions with one contest each, and the same with each chain four times: no narrower."""
    alone = contests(*[(FIRST, SECOND)] * 70, *[(SECOND, FIRST)] * 30)
    fourfold = [replace(one, index=index) for one in alone for index in range(4)]
    once, often = win_rate(alone), win_rate(fourfold)
    assert (often.n, often.wins) == (400, 280)
    for one, other in ((once.won, often.won), (once.score, often.score)):
        assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high), abs=0.002)


def test_the_intervals_of_a_win_rate_hold_the_truth_where_chains_share_their_question():
    """40 questions, 4 chains each with their question's fate; 60 % of questions are won: 95 % of 400, -+ 3 sigma."""
    random, hits = np.random.default_rng(2), 0
    for _ in range(400):
        won = random.random(40) < 0.6
        rows = contests(*[(FIRST, SECOND) if one else (SECOND, FIRST) for one in won])
        rate = win_rate([replace(row, index=index) for row in rows for index in range(4)])
        hits += rate.won.low <= 0.6 <= rate.won.high and rate.score.low <= 0.6 <= rate.score.high
    assert 0.917 <= hits / 400 <= 0.99


def test_questions_of_one_picture_widen_a_win_rate():
    rows = contests(*[(FIRST, SECOND)] * 12, *[(SECOND, FIRST)] * 12)
    alone, pictured = win_rate(rows), win_rate(rows, clusters={f"q{n}": str(n // 4) for n in range(24)})
    assert pictured.score.high - pictured.score.low > 1.5 * (alone.score.high - alone.score.low)

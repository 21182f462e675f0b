"""One difference out of several runs: hand-worked shares, clusters over runs, and what a claim makes of them."""

from dataclasses import replace

import pytest

from seewhy.evaluation.compare import paired_difference
from seewhy.evaluation.pooled import (
    Claim,
    PooledDifference,
    Standing,
    pooled_difference,
    share_correct,
    standing_of,
    together,
)
from seewhy.records.measures import Comparison
from seewhy.records.types import Outcome, Style, Verdict


def rows(outcomes: str) -> list[Verdict]:
    return [
        Verdict(question_id=f"q{number}", index=0, style=Style.REASON, judge="outcome",
                outcome=Outcome.CORRECT if said == "1" else Outcome.INCORRECT)
        for number, said in enumerate(outcomes)
    ]  # fmt: skip


def test_a_share_of_no_judged_verdict_is_no_number() -> None:
    unjudged = [replace(row, outcome=Outcome.UNJUDGED) for row in rows("11")]
    assert share_correct([rows("10"), unjudged]) == 0.5
    with pytest.raises(ValueError, match="no verdict is judged"):
        share_correct([unjudged, []])


ALONE = {f"q{number}": f"q{number}" for number in range(4)}


def test_questions_of_two_runs_are_pooled() -> None:
    """Run 0 gains q1 and q2 and loses q0: +1 of 4. Run 1 gains q3: +1 of 4. Together +2 of 8."""
    found = pooled_difference([(rows("1000"), rows("0110")), (rows("1110"), rows("1111"))], ALONE)
    assert found.each == pytest.approx((0.25, 0.25))
    assert found.whole.difference == pytest.approx(2 / 8)
    assert (found.whole.n, found.whole.gained, found.whole.lost) == (8, 3, 1)


def test_a_question_that_changes_in_every_run_counts_as_one_cluster() -> None:
    """Three copies of one run say no more than the run: the interval must not narrow as that of 3 n questions would."""
    one = rows("1100" * 5), rows("1011" * 5)
    alone = {row.question_id: row.question_id for row in one[0]}
    copied, single = pooled_difference([one] * 3, alone), paired_difference(*one, clusters=alone)
    width = copied.whole.high - copied.whole.low
    assert copied.whole.difference == pytest.approx(single.difference)
    assert width == pytest.approx(single.high - single.low, rel=0.1)


def test_sides_with_other_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="q3"):
        pooled_difference([(rows("1010"), rows("101"))], ALONE)


def found_at(low: float, high: float, *each: float) -> PooledDifference:
    whole = Comparison(
        difference=(low + high) / 2, low=low, high=high, p_value=0.5, n=100, gained=1, lost=1, unjudged=0
    )
    return PooledDifference(whole=whole, each=each)


@pytest.mark.parametrize(("low", "high", "each", "claim", "standing"), [
    (0.01, 0.05, (0.02, 0.04), Claim.MORE, Standing.HELD),
    (0.01, 0.05, (-0.01, 0.07), Claim.MORE, Standing.CANNOT_TELL),
    (-0.01, 0.05, (0.02, 0.02), Claim.MORE, Standing.CANNOT_TELL),
    (-0.05, -0.01, (-0.02, -0.04), Claim.MORE, Standing.NOT_HELD),
    (-0.05, -0.01, (0.02, -0.08), Claim.MORE, Standing.CANNOT_TELL),
    (-0.05, -0.01, (-0.02, -0.04), Claim.LESS, Standing.HELD),
    (0.01, 0.05, (-0.02, 0.08), Claim.LESS, Standing.CANNOT_TELL),
    (0.01, 0.05, (0.02, 0.04), Claim.LESS, Standing.NOT_HELD),
    (-0.01, 0.05, (0.02, 0.02), Claim.NOT_LESS, Standing.HELD),
    (-0.03, 0.05, (0.01, 0.01), Claim.NOT_LESS, Standing.CANNOT_TELL),
    (-0.05, -0.03, (-0.04, -0.04), Claim.NOT_LESS, Standing.NOT_HELD),
    (-0.01, 0.015, (0.0, 0.0), Claim.SAME, Standing.HELD),
    (-0.01, 0.03, (0.0, 0.02), Claim.SAME, Standing.CANNOT_TELL),
    (0.03, 0.07, (0.05, 0.05), Claim.SAME, Standing.NOT_HELD),
    (0.03, 0.07, (-0.01, 0.11), Claim.SAME, Standing.CANNOT_TELL),
])  # fmt: skip
def test_what_an_interval_says_of_a_claim(
    low: float, high: float, each: tuple[float, ...], claim: Claim, standing: Standing
) -> None:
    assert standing_of(found_at(low, high, *each), claim) is standing


def test_a_claim_of_several_parts_holds_where_all_hold() -> None:
    held, not_held, unknown = Standing.HELD, Standing.NOT_HELD, Standing.CANNOT_TELL
    assert together([held, held]) is held
    assert together([held, unknown]) is unknown
    assert together([held, unknown, not_held]) is not_held
    with pytest.raises(ValueError, match="one part"):
        together([])


def test_unjudged_rows_are_left_out_of_a_pooled_difference() -> None:
    first, second = rows("10"), rows("11")
    second[0] = replace(second[0], outcome=Outcome.UNJUDGED)
    found = pooled_difference([(first, second)], ALONE)
    assert (found.whole.n, found.whole.unjudged, found.whole.difference) == (1, 1, 1.0)

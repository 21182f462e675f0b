"""Yes-or-no scores against scikit-learn, by hand, and with replies that say neither."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from seewhy.evaluation.polar import PolarRow, polar_scores
from seewhy.records.measures import Interval

sides = st.lists(st.tuples(st.sampled_from(["yes", "no"]), st.sampled_from(["yes", "no", None])), min_size=1)


def rows_of(pairs: list[tuple[str, str | None]], split: str = "random") -> list[PolarRow]:
    return [
        PolarRow(question_id=f"{split}{number}", gold=gold, said=said, facets={"split": split})
        for number, (gold, said) in enumerate(pairs)
    ]


def worth(share: Interval | None) -> float:
    assert share is not None
    return share.value


def test_pope_numbers_are_worked_by_hand() -> None:
    """3 hits, 1 false alarm, 2 misses, 4 rightly no: precision 3/4, recall 3/5, F1 6/9, yes 4/10."""
    pairs: list[tuple[str, str | None]] = [("yes", "yes")] * 3 + [("no", "yes")] + [("yes", "no")] * 2
    found = polar_scores(rows_of(pairs + [("no", "no")] * 4))[0]
    assert (worth(found.precision), worth(found.recall), worth(found.f1), found.yes_share.value) == pytest.approx(
        (3 / 4, 3 / 5, 6 / 9, 4 / 10)
    )


@given(sides)
def test_they_are_scikit_learns_where_a_reply_that_says_neither_is_no_yes(pairs: list[tuple[str, str | None]]) -> None:
    gold, said = [one == "yes" for one, _ in pairs], [one == "yes" for _, one in pairs]
    found = polar_scores(rows_of(pairs))[0]
    for share, score in ((found.precision, precision_score), (found.recall, recall_score), (found.f1, f1_score)):
        expected = score(gold, said, zero_division=np.nan)
        assert np.isnan(expected) if share is None else share.value == pytest.approx(expected)
        assert share is None or 0 <= share.low <= share.value <= share.high <= 1
    assert found.no_answer == sum(one is None for _, one in pairs)


def test_a_reply_that_says_neither_is_a_miss_and_never_a_yes() -> None:
    found = polar_scores(rows_of([("yes", "yes"), ("yes", None), ("no", None), ("no", "no")]))[0]
    assert (worth(found.recall), worth(found.precision), found.yes_share.value, found.no_answer) == (0.5, 1.0, 0.25, 2)


def test_each_split_of_pope_has_its_own_row() -> None:
    rows = rows_of([("yes", "yes"), ("no", "no")]) + rows_of([("yes", "no"), ("no", "yes")], split="adversarial")
    found = polar_scores(rows)
    assert [(row.facet, row.value, row.n, worth(row.f1)) for row in found] == [
        ("", "", 4, 0.5), ("split", "adversarial", 2, 0.0), ("split", "random", 2, 1.0),
    ]  # fmt: skip


def test_the_interval_of_f1_agrees_with_its_delta_method_in_a_large_sample() -> None:
    """F1 = 2a / (2a + b), a hits and b errors of n: variance 4 a b (a + b) / (2a + b)^4 for multinomial counts."""
    pairs: list[tuple[str, str | None]] = [("yes", "yes")] * 600 + [("no", "yes")] * 200 + [("no", "no")] * 1200
    found = polar_scores(rows_of(pairs))[0].f1
    assert found is not None
    a, b = 600, 200
    deviation = np.sqrt(4 * a * b * (a + b) / (2 * a + b) ** 4)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * deviation, rel=0.08)


def test_questions_of_one_picture_widen_the_interval_of_f1() -> None:
    rows = rows_of(([("yes", "yes")] * 6 + [("yes", "no")] * 6) * 10)
    alone = polar_scores(rows)[0].f1
    pictured = polar_scores(rows, clusters={row.question_id: str(n // 6) for n, row in enumerate(rows)})[0].f1
    assert alone is not None
    assert pictured is not None
    assert pictured.high - pictured.low > 1.8 * (alone.high - alone.low)


def test_an_f1_of_100_per_cent_is_not_certain() -> None:
    """20 hits and 20 rightly no: F1 rests on the 20 questions whose answer is yes."""
    found = polar_scores(rows_of([("yes", "yes"), ("no", "no")] * 20))[0].f1
    assert found is not None
    assert found.high == 1.0
    assert 0.75 < found.low < 0.87


@pytest.mark.parametrize("error", [0.02, 0.2])
def test_the_interval_of_f1_holds_the_truth(error: float) -> None:
    """60 pictures of three yes and three no; a share of the replies is turned: F1 is 1 - error, 95 % of 300 worlds."""
    random, gold = np.random.default_rng(8), np.tile([True, False], 180)
    clusters = {f"random{n}": str(n // 6) for n in range(360)}
    hits = 0
    for _ in range(300):
        said = gold ^ (random.random(360) < error)
        pairs: list[tuple[str, str | None]] = [
            ("yes" if right else "no", "yes" if one else "no") for right, one in zip(gold, said, strict=True)
        ]
        found = polar_scores(rows_of(pairs), clusters=clusters)[0].f1
        assert found is not None
        hits += found.low <= 1 - error <= found.high
    assert hits / 300 >= 0.91


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(ValueError, match="question random0: 'maybe' and 'yes' must be yes or no"):
        polar_scores(rows_of([("maybe", "yes")]))
    with pytest.raises(ValueError, match="at least one question"):
        polar_scores([])

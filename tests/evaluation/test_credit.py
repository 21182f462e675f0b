"""Token credit by hand, and its AUROC against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from seewhy.evaluation.credit import Piece, assign_credit, credit_auroc
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import Chain, FinishReason, ScoredChain, Span, Style

TEXT = "3+4 is 8. So 8."
"""Characters 0-9 are the first sentence, 9-15 the second with its space."""
PIECES = (
    Piece(token="3+4", start=0, end=3),
    Piece(token=" is 8.", start=3, end=9),
    Piece(token=" So 8.", start=9, end=15),
    Piece(token="<end>", start=15, end=15),
)
CHAIN = Chain(question_id="q", index=2, style=Style.REASON, text=TEXT, stop=FinishReason.END, sampler="tiny", seed=0)


def score(policy: tuple[float, ...], index: int = 2) -> ScoredChain:
    return ScoredChain(question_id="q", index=index, style=Style.REASON, policy=policy, reference=(-1.0,) * len(policy))


def row(question: int, position: int, credit: float, wrong: bool | None) -> TokenCredit:
    return TokenCredit(
        question_id=f"q{question}", index=0, position=position, token="x", start=0, end=1, credit=credit, wrong=wrong
    )


def test_credit_is_the_log_ratio_minus_its_mean_over_the_chain() -> None:
    """Ratios 1, -1, 0.5, 0.5: mean 0.25."""
    rows = assign_credit(CHAIN, PIECES, score((0.0, -2.0, -0.5, -0.5)), None)
    assert [row.credit for row in rows] == pytest.approx([0.75, -1.25, 0.25, 0.25])
    assert [(row.index, row.position, row.token) for row in rows][1] == (2, 1, " is 8.")
    assert {row.wrong for row in rows} == {None}


@given(st.lists(st.floats(-20, 0), min_size=4, max_size=4))
def test_the_credits_of_a_chain_sum_to_nothing(policy: list[float]) -> None:
    rows = assign_credit(CHAIN, PIECES, score(tuple(policy)), None)
    assert sum(row.credit for row in rows) == pytest.approx(0, abs=1e-9)


def test_a_token_that_shares_a_character_with_a_wrong_sentence_is_wrong() -> None:
    first = assign_credit(CHAIN, PIECES, score((-1.0,) * 4), (Span(start=0, end=9, score=0.0),))
    assert [row.wrong for row in first] == [True, True, False, None]
    second = assign_credit(CHAIN, PIECES, score((-1.0,) * 4), (Span(start=9, end=15, score=0.0),))
    assert [row.wrong for row in second] == [False, False, True, None]
    assert [row.wrong for row in assign_credit(CHAIN, PIECES, score((-1.0,) * 4), ())] == [False, False, False, None]


def test_scores_of_another_chain_or_of_other_tokens_are_refused() -> None:
    with pytest.raises(ValueError, match="chain q reason 2: the scores are of q reason 0"):
        assign_credit(CHAIN, PIECES, score((-1.0,) * 4, index=0), None)
    with pytest.raises(ValueError, match="4 pieces and 3 scores"):
        assign_credit(CHAIN, PIECES, score((-1.0,) * 3), None)
    with pytest.raises(ValueError, match="outside the text"):
        assign_credit(CHAIN, (Piece(token="x", start=0, end=99),), score((-1.0,)), None)


def test_the_auroc_of_a_perfect_order_is_one_and_of_its_mirror_zero() -> None:
    rows = [row(number, 0, credit, credit < 0) for number, credit in enumerate([-3.0, -2.0, -1.0, 0.5, 1.0])]
    mirror = [row(number, 0, -credit, credit < 0) for number, credit in enumerate([-3.0, -2.0, -1.0, 0.5, 1.0])]
    perfect, worst = credit_auroc(rows), credit_auroc(mirror)
    assert perfect is not None
    assert worst is not None
    assert (perfect.value, perfect.low, perfect.high) == (1.0, 1.0, 1.0)
    assert worst.value == 0.0


def test_the_auroc_of_credit_that_says_nothing_is_a_half() -> None:
    found = credit_auroc([row(number, 0, 0.0, number % 2 == 0) for number in range(6)])
    assert found is not None
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40))
def test_the_auroc_with_ties_is_that_of_scikit_learn(tokens: list[tuple[int, bool]]) -> None:
    wrong = [is_wrong for _, is_wrong in tokens]
    found = credit_auroc(
        [row(n, 0, float(credit), is_wrong) for n, (credit, is_wrong) in enumerate(tokens)], resamples=20
    )
    if len(set(wrong)) < 2:
        assert found is None
    else:
        assert found is not None
        assert found.value == pytest.approx(float(roc_auc_score(wrong, [-credit for credit, _ in tokens])))
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_tokens_of_which_nobody_knows_do_not_count() -> None:
    known = [row(0, 0, -1.0, True), row(1, 0, 1.0, False), row(2, 0, -2.0, False)]
    assert credit_auroc([*known, row(3, 0, -9.0, None)]) == credit_auroc(known)


def test_rows_of_one_kind_have_no_auroc() -> None:
    assert credit_auroc([row(0, 0, 0.3, True)]) is None
    assert credit_auroc([row(0, 0, 0.3, None)]) is None
    assert credit_auroc([]) is None


def test_one_question_alone_says_nothing_of_the_spread() -> None:
    found = credit_auroc([row(0, 0, -1.0, True), row(0, 1, 1.0, False)])
    assert found is not None
    assert (found.low, found.high) == (0.0, 1.0)


def test_each_draw_of_the_interval_is_the_auroc_of_the_questions_drawn() -> None:
    """Three questions of different AUROC: every draw can be enumerated, and the ends must be among them."""
    tokens = {0: [(-1.0, True), (1.0, False)], 1: [(0.5, True), (0.0, False)], 2: [(0.2, True), (0.2, False)]}
    found = credit_auroc([row(q, p, c, w) for q, kept in tokens.items() for p, (c, w) in enumerate(kept)])
    assert found is not None
    areas: list[float] = []
    for draw in np.ndindex(3, 3, 3):
        drawn = [token for question in draw for token in tokens[question]]
        areas.append(float(roc_auc_score([wrong for _, wrong in drawn], [-credit for credit, _ in drawn])))
    assert (found.low, found.high) == pytest.approx((min(areas), max(areas)))


def test_copied_tokens_of_a_question_do_not_narrow_the_interval() -> None:
    random = np.random.default_rng(0)
    rows = [row(q, p, float(random.normal()) - 0.5 * (p % 2), p % 2 == 1) for q in range(20) for p in range(6)]
    once, often = credit_auroc(rows), credit_auroc([copy for copy in rows for _ in range(5)])
    assert once is not None
    assert often is not None
    assert (often.low, often.high) == pytest.approx((once.low, once.high))

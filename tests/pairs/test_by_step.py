"""Pairs by step: what the two sides share, where they part, and that the step after it is right on one side alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_rows import RIGHT, UNJUDGED, WRONG, judged_row, split_rows

from seewhy.pairs.by_step import ByStep
from seewhy.pairs.rule import Pairing
from seewhy.records.types import FinishReason, Span

STEPS = ("Row one.", "Row two.", "It is 5.", "It is 6.")


def chain_of(index: int, *steps: tuple[str, float], outcome=None, **more):
    """A chain whose sentences have these values."""
    spans, text = [], ""
    for words, value in steps:
        start = len(text) + (1 if text else 0)
        text = f"{text} {words}" if text else words
        spans.append(Span(start=start, end=len(text), score=value))
    wrong = any(value < 0.5 for _, value in steps)
    chain, verdict = judged_row(outcome or (WRONG if wrong else RIGHT), index, answer=text[-2:-1], text=text, **more)
    return chain, replace(verdict, spans=tuple(spans))


def pairs_of(rule, rows):
    return list(Pairing(rule, *split_rows(rows)))


def test_the_wrong_step_meets_the_right_one_after_the_same_words():
    rows = [chain_of(0, ("Row one.", 1.0), ("It is 5.", 0.9)), chain_of(1, ("Row one.", 1.0), ("It is 6.", 0.1))]
    (pair,) = pairs_of(ByStep(), rows)
    assert (pair.chosen.text, pair.rejected.text) == ("Row one. It is 5.", "Row one. It is 6.")
    assert pair.margin == pytest.approx(0.8)


def test_another_beginning_is_no_shared_one():
    rows = [chain_of(0, ("Row two.", 1.0), ("It is 5.", 0.9)), chain_of(1, ("Row one.", 1.0), ("It is 6.", 0.1))]
    made = Pairing(ByStep(), *split_rows(rows))
    assert not list(made)
    assert made.stats.named["dropped no shared beginning"] == 1


def test_a_chain_with_an_error_at_or_before_that_step_is_not_preferred():
    wrong = chain_of(0, ("Row one.", 1.0), ("It is 6.", 0.1))
    assert not pairs_of(ByStep(), [wrong, chain_of(1, ("Row one.", 1.0), ("It is 7.", 0.2))])
    assert not pairs_of(ByStep(), [wrong, chain_of(1, ("Row one.", 0.2), ("It is 5.", 0.9))])
    # Later errors do not matter: the step that differs is right.
    assert pairs_of(ByStep(), [wrong, chain_of(1, ("Row one.", 1.0), ("It is 5.", 0.9), ("So 3.", 0.0))])


def test_a_first_step_has_no_shared_words_unless_none_are_asked_for():
    rows = [chain_of(0, ("It is 5.", 0.9)), chain_of(1, ("It is 6.", 0.1))]
    assert not pairs_of(ByStep(), rows)
    assert pairs_of(ByStep(words=0), rows)


def test_steps_within_the_margin_and_chains_of_one_answer_make_no_pair():
    good = chain_of(0, ("Row one.", 1.0), ("It is 5.", 0.5))
    close, same = chain_of(1, ("Row one.", 1.0), ("It is 6.", 0.45)), chain_of(1, ("Row one.", 1.0), ("Is it 5.", 0.1))
    assert not pairs_of(ByStep(), [good, close])
    assert pairs_of(ByStep(margin=0.04), [good, close])
    assert not pairs_of(ByStep(), [good, same])


def test_the_longest_shared_beginning_comes_first_and_each_wrong_chain_before_any_again():
    deep = [("Row one.", 1.0), ("Row two.", 1.0)]
    rows = [chain_of(0, *deep, ("It is 5.", 0.9)), chain_of(1, *deep, ("It is 6.", 0.1)),
            chain_of(2, ("Row one.", 1.0), ("It is 7.", 0.1)), chain_of(3, *deep, ("It is 5!", 0.8))]  # fmt: skip
    pairs = pairs_of(ByStep(most=3), rows)
    assert [pair.rejected.text[-2:-1] for pair in pairs] == ["6", "7", "6"]


def test_chains_that_are_unjudged_or_cut_off_are_in_no_pair():
    good, bad = chain_of(0, ("Row one.", 1.0), ("It is 5.", 0.9)), chain_of(1, ("Row one.", 1.0), ("It is 6.", 0.1))
    for side in (0, 1):
        for change in ("stop", "outcome"):
            rows = [list(good), list(bad)]
            if change == "stop":
                rows[side][0] = replace(rows[side][0], stop=FinishReason.LENGTH)
            else:
                rows[side][1] = replace(rows[side][1], outcome=UNJUDGED)
            assert not pairs_of(ByStep(), [tuple(row) for row in rows])


@given(st.lists(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from([0.0, 0.4, 0.5, 0.9, 1.0])), min_size=1,
                         max_size=4), min_size=1, max_size=8), st.integers(1, 5))  # fmt: skip
def test_no_pair_breaks_the_rule_whatever_the_values(chains, most):
    rows = [chain_of(index, *steps) for index, steps in enumerate(chains)]
    rule = ByStep(most=most, margin=0.3)
    pairs = pairs_of(rule, rows)
    assert len(pairs) <= most
    spans = {chain.text: verdict.spans for chain, verdict in reversed(rows)}
    for pair in pairs:
        error = next(place for place, span in enumerate(spans[pair.rejected.text]) if span.score < 0.5)
        shared = pair.rejected.text[: spans[pair.rejected.text][error].start].rstrip()
        assert shared
        assert pair.chosen.text.startswith(shared)
        assert pair.chosen.text != pair.rejected.text
        other = spans[pair.chosen.text][error]
        assert all(span.score >= 0.5 for span in spans[pair.chosen.text][: error + 1])
        assert other.score - spans[pair.rejected.text][error].score >= 0.3

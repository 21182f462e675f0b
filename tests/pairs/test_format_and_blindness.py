"""Streams of their own: chains without a readable answer, and chains that were continued without the pictures."""

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_rows import NONE, RIGHT, UNJUDGED, WRONG, judged_row, judged_rows, split_rows

from seewhy.pairs.blindness import UNSEEN, first_words, sight_verdict
from seewhy.pairs.by_blindness import ByBlindness
from seewhy.pairs.by_format import ByFormat
from seewhy.pairs.by_outcome import ByOutcome
from seewhy.pairs.choosing import Pick
from seewhy.pairs.rule import Pairing
from seewhy.records.types import Chain, FinishReason, Outcome, Style


def pairing(rule, rows):
    return Pairing(rule, *split_rows(rows))


@given(st.lists(st.lists(st.sampled_from(Outcome), min_size=1, max_size=9), min_size=1, max_size=4),
       st.integers(1, 20), st.sampled_from([Pick.RANDOM, Pick.BEST_WORST]))  # fmt: skip
def test_a_format_pair_is_a_right_chain_over_an_unreadable_one_whatever_the_verdicts(groups, most, pick):
    rows = [row for n, group in enumerate(groups) for row in judged_rows(*group, question=f"q{n}")]
    outcomes = {(chain.question_id, chain.text): verdict.outcome for chain, verdict in rows}
    made = pairing(ByFormat(most=most, pick=pick), rows)
    pairs = list(made)
    assert {outcomes[pair.question_id, pair.chosen.text] for pair in pairs} <= {RIGHT}
    assert {outcomes[pair.question_id, pair.rejected.text] for pair in pairs} <= {NONE}
    counts = Counter(pair.question_id for pair in pairs)
    for number, group in enumerate(groups):
        assert counts[f"q{number}"] == min(most, group.count(RIGHT) * group.count(NONE))
    named = made.stats.named
    assert (
        named["questions seen"]
        == len(groups)
        == named["questions kept"] + sum(count for name, count in named.items() if name.startswith("dropped "))
    )


def test_a_positive_whose_answer_is_none_like_still_gets_a_format_negative():
    """InternVL compares with the text "None", so that right answers N, O, E, no and on get none there."""
    for answer in ("N", "O", "E", "no", "none", "on"):
        rows = [judged_row(RIGHT, 0, answer=answer), judged_row(NONE, 1)]
        assert len(list(pairing(ByFormat(), rows))) == 1


def test_cut_off_chains_are_format_negatives_unless_they_are_left_out():
    rows = [judged_row(RIGHT, 0), judged_row(NONE, 1, stop=FinishReason.LENGTH)]
    assert len(list(pairing(ByFormat(), rows))) == 1
    made = pairing(ByFormat(cut_off=False), rows)
    assert not list(made)
    assert made.stats.named["dropped all readable"] == 1


def test_wrong_and_unreadable_chains_are_two_streams():
    rows = judged_rows(RIGHT, RIGHT, WRONG, NONE, UNJUDGED)
    sides = [{pair.rejected.text for pair in pairing(rule, rows)}
             for rule in (ByOutcome(highest=1.0, most=99), ByFormat(most=99))]  # fmt: skip
    texts = [chain.text for chain, _ in rows]
    assert sides == [{texts[2]}, {texts[3]}]


def sight_rows(*texts: tuple[str, bool], cut: tuple[int, ...] = ()):
    """Chains as `continue_blind` writes them: (text, whether without pictures)."""
    chains = [
        Chain(question_id="q", index=index, style=Style.REASON, text=text, token_ids=(index,),
              stop=FinishReason.LENGTH if index in cut else FinishReason.END, seed=0,
              sampler=f"base{UNSEEN}" if blind else "base")
        for index, (text, blind) in enumerate(texts)
    ]  # fmt: skip
    return [(chain, sight_verdict(chain)) for chain in chains]


SEEN, BLIND = False, True


def test_each_chain_meets_its_own_continuations_and_no_other():
    rows = sight_rows(("a b", SEEN), ("a x", BLIND), ("a y", BLIND), ("c d", SEEN), ("c z", BLIND))
    pairs = list(pairing(ByBlindness(most=9), rows))
    assert [(pair.chosen.text, pair.rejected.text) for pair in pairs] == [
        ("a b", "a x"),
        ("c d", "c z"),
        ("a b", "a y"),
    ]
    assert {(pair.source, pair.margin) for pair in pairs} == {("continue_blind", 1.0)}
    few = [(pair.chosen.text, pair.rejected.text) for pair in pairing(ByBlindness(most=2), rows)]
    assert few == [("a b", "a x"), ("c d", "c z")]


def test_equal_texts_repeated_pairs_and_cut_off_sides_are_in_no_pair():
    same = pairing(ByBlindness(), sight_rows(("a b", SEEN), ("a b ", BLIND)))
    assert not list(same)
    assert same.stats.named["dropped same texts"] == 1
    twice = sight_rows(("a b", SEEN), ("a x", BLIND), ("a b", SEEN), ("a x", BLIND))
    assert len(list(pairing(ByBlindness(), twice))) == 1
    for side in (0, 1):
        cut = pairing(ByBlindness(), sight_rows(("a b", SEEN), ("a x", BLIND), cut=(side,)))
        assert not list(cut)
        assert cut.stats.named["dropped cut off"] == 1


def test_verdicts_of_another_judge_are_refused_by_name():
    with pytest.raises(ValueError, match=r"question 'q': by_blindness pairs rows of stage continue_blind.*outcome"):
        list(pairing(ByBlindness(), judged_rows(RIGHT, WRONG)))


@given(st.text(alphabet="ab \n\t", max_size=30), st.floats(0.0, 0.999))
def test_the_first_words_are_the_share_of_words_that_is_kept(text, share):
    kept = first_words(text, share)
    assert text.startswith(kept)
    assert kept == kept.rstrip()
    assert kept.split() == text.split()[: int(len(text.split()) * share)]


def test_the_best_meets_the_worst_and_the_hardest_the_likeliest_wrong_one():
    rows = judged_rows(RIGHT, RIGHT, RIGHT, WRONG, WRONG, WRONG)
    scores, sure = (1.0, 3.0, 2.0, 0.5, 0.1, 0.9), (-0.1, -0.9, -0.5, -2.0, -0.2, -0.7)
    rows = [(replace(chain, logprobs=(logprob, logprob)), replace(verdict, score=score))
            for (chain, verdict), score, logprob in zip(rows, scores, sure, strict=True)]  # fmt: skip
    texts = [chain.text for chain, _ in rows]
    best = list(pairing(ByOutcome(pick="best_worst", most=2), rows))
    assert [(pair.chosen.text, pair.rejected.text) for pair in best] == [(texts[1], texts[4]), (texts[2], texts[3])]
    assert best[0].margin == pytest.approx(2.9)
    hard = [(pair.chosen.text, pair.rejected.text) for pair in pairing(ByOutcome(pick="hardest", most=2), rows)]
    assert hard == [(texts[1], texts[4]), (texts[2], texts[5])]
    # A server may leave one out: the others tell, and the order is the same.
    rows = [(replace(chain, logprobs=(*(chain.logprobs or ()), math.nan)), verdict) for chain, verdict in rows]
    assert [(pair.chosen.text, pair.rejected.text)
            for pair in pairing(ByOutcome(pick="hardest", most=2), rows)] == hard  # fmt: skip


def test_the_hardest_need_log_probabilities():
    with pytest.raises(ValueError, match=r"chain 0 \(reason\) of question 'q' has no log-probabilities"):
        list(pairing(ByOutcome(pick="hardest"), judged_rows(RIGHT, WRONG)))
    with pytest.raises(ValueError, match="pick must be one of random, best_worst, hardest"):
        ByOutcome(pick="luckiest")


@pytest.mark.parametrize(("one", "other"), [
    ("12", "12.0"), ("1,200", "1200"), ("$5", "5"), ("5 %", "5"), ("-0.0", "0"), (r"\boxed{12}", "12"), ("007", "7"),
    ("New York", " new  york. "), ("(B)", "b"), ("+3", "3"), (".5", "0.50"),
])  # fmt: skip
def test_answers_that_normalise_to_equal_are_never_paired(one, other):
    rows = [judged_row(RIGHT, 0, answer=one), judged_row(WRONG, 1, answer=other)]
    assert not list(pairing(ByOutcome(lowest=0.0, highest=1.0), rows))


@pytest.mark.parametrize(("one", "other"), [
    ("12", "1.2"), ("-5", "5"), (".5", "5"), ("A", "an apple"), ("1,2", "12"), ("3.14", "314"), ("1/2", "12"),
    ("no", "none"), ("5", "15"),
])  # fmt: skip
def test_answers_that_differ_are_paired(one, other):
    rows = [judged_row(RIGHT, 0, answer=one), judged_row(WRONG, 1, answer=other)]
    assert len(list(pairing(ByOutcome(lowest=0.0, highest=1.0), rows))) == 1

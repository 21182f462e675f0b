"""Pairs by outcome: the band, what may stand in a pair, and an account that adds up."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_rows import NONE, RIGHT, UNJUDGED, WRONG, judged_row, judged_rows, split_rows

from seewhy.pairs.by_outcome import AccuracyBin, ByOutcome, account_of, pair_chains
from seewhy.pairs.choosing import differ, pair_up
from seewhy.pairs.judged import Judged
from seewhy.records.types import FinishReason, Outcome, Style

WIDE = ByOutcome(lowest=0.0, highest=1.0)
OUTCOMES = st.lists(st.sampled_from(Outcome), min_size=1, max_size=12)


def pairs_of(rule, rows):
    return list(pair_chains(rule, *split_rows(rows)))


def account(rule, rows):
    return account_of(rule, *split_rows(rows))


@pytest.mark.parametrize(
    ("right", "of", "count"),
    [(7, 32, 0), (8, 32, 3), (27, 32, 3), (28, 32, 0), (17, 20, 3), (18, 20, 0), (1, 4, 3), (0, 4, 0), (4, 4, 0)],
)
def test_the_band_keeps_8_to_27_of_32_and_its_edges(right, of, count):
    """0.25 x 32 = 8 and 0.85 x 32 = 27.2; 17 of 20 is 0.85 itself."""
    assert len(pairs_of(ByOutcome(), judged_rows(*[RIGHT] * right, *[WRONG] * (of - right)))) == count


def test_a_chain_without_an_answer_lowers_the_accuracy_and_an_unjudged_one_does_not():
    narrow = ByOutcome(lowest=0.5, highest=0.5)
    assert pairs_of(narrow, judged_rows(RIGHT, WRONG, UNJUDGED, UNJUDGED))
    assert not pairs_of(narrow, judged_rows(RIGHT, WRONG, NONE))
    assert pairs_of(narrow, judged_rows(RIGHT, RIGHT, WRONG, NONE))


def test_a_chain_that_no_judge_could_judge_is_in_no_pair():
    rows = judged_rows(RIGHT, WRONG, UNJUDGED, NONE, RIGHT, WRONG, UNJUDGED)
    unjudged = {chain.text for chain, verdict in rows if verdict.outcome is UNJUDGED}
    for rule in (WIDE, ByOutcome(lowest=0.0, highest=1.0, format_negatives=True, most=99)):
        used = {text for pair in pairs_of(rule, rows) for text in (pair.chosen.text, pair.rejected.text)}
        assert used
        assert not used & unjudged
    assert not pairs_of(WIDE, judged_rows(UNJUDGED, UNJUDGED))


def test_a_chain_without_an_answer_is_rejected_only_on_request():
    rows = judged_rows(RIGHT, NONE)
    assert not pairs_of(WIDE, rows)
    (pair,) = pairs_of(ByOutcome(lowest=0.0, highest=1.0, format_negatives=True), rows)
    assert (pair.chosen.text, pair.rejected.text) == (rows[0][0].text, rows[1][0].text)


def test_a_pair_carries_text_token_ids_judge_and_margin():
    (pair,) = pairs_of(WIDE, judged_rows(RIGHT, WRONG))
    assert (pair.chosen.token_ids, pair.rejected.token_ids) == ((0, 7), (1, 7))
    assert (pair.question_id, pair.style, pair.source, pair.margin) == ("q", Style.REASON, "outcome", 1.0)


def test_chains_of_two_styles_or_two_questions_are_never_paired():
    rows = judged_rows(RIGHT, RIGHT, style=Style.REASON) + judged_rows(WRONG, WRONG, style=Style.DIRECT)
    rows += judged_rows(WRONG, WRONG, question="other")
    assert not pairs_of(WIDE, rows)


def test_equal_answers_and_equal_texts_make_no_pair():
    same_answer = [judged_row(RIGHT, 0, answer="New York"), judged_row(WRONG, 1, answer=" new  york. ")]
    same_text = [judged_row(RIGHT, 0, text="so it is"), judged_row(WRONG, 1, text="so it is ")]
    for rows in (same_answer, same_text):
        assert not pairs_of(WIDE, rows)
        assert account(WIDE, rows).no_distinct_answers == 1


def test_three_pairs_use_three_positives_and_three_negatives_where_there_are_as_many():
    pairs = pairs_of(ByOutcome(), judged_rows(*[RIGHT] * 4, *[WRONG] * 5))
    assert len({pair.chosen.text for pair in pairs}) == len({pair.rejected.text for pair in pairs}) == 3


def test_one_positive_meets_three_different_negatives():
    pairs = pairs_of(ByOutcome(), judged_rows(RIGHT, WRONG, WRONG, WRONG))
    assert len({pair.rejected.text for pair in pairs}) == 3


def test_a_text_sampled_many_times_counts_once():
    rows = [judged_row(RIGHT, index, text="the same") for index in range(4)]
    rows += [judged_row(WRONG, 4 + index, text=f"wrong {index % 2}") for index in range(4)]
    assert len(pairs_of(ByOutcome(), rows)) == 2


@given(st.lists(OUTCOMES, min_size=1, max_size=5), st.booleans(), st.integers(1, 5))
def test_pairs_are_distinct_few_and_right_over_wrong_and_the_account_adds_up(groups, format_negatives, most):
    rows = [row for n, group in enumerate(groups) for row in judged_rows(*group, question=f"q{n}")]
    rule = ByOutcome(most=most, format_negatives=format_negatives)
    outcomes = {(chain.question_id, chain.text): verdict.outcome for chain, verdict in rows}
    pairs = pairs_of(rule, rows)
    assert len({(pair.question_id, pair.chosen.text, pair.rejected.text) for pair in pairs}) == len(pairs)
    assert all(count <= most for count in Counter(pair.question_id for pair in pairs).values())
    assert all(outcomes[pair.question_id, pair.chosen.text] is RIGHT for pair in pairs)
    allowed = {WRONG, NONE} if format_negatives else {WRONG}
    assert {outcomes[pair.question_id, pair.rejected.text] for pair in pairs} <= allowed
    told = account(rule, rows)
    assert told.seen == len(groups)
    assert told.seen == told.kept + told.below_band + told.above_band + told.unjudged + told.no_distinct_answers
    assert (told.pairs, told.kept) == (len(pairs), len({pair.question_id for pair in pairs}))
    assert sum(one.prompts for one in told.accuracies) == told.seen - told.unjudged


def test_the_choice_is_the_question_s_own():
    """Neither the order of rows nor other questions change it; another seed does."""
    rows = judged_rows(*[RIGHT] * 8, *[WRONG] * 8)
    shuffled = rows + judged_rows(RIGHT, WRONG, question="other")
    random.Random(3).shuffle(shuffled)
    alone = pairs_of(ByOutcome(), rows)
    assert [pair for pair in pairs_of(ByOutcome(), shuffled) if pair.question_id == "q"] == alone
    assert pairs_of(ByOutcome(seed=1), rows) != alone


def test_the_account_of_five_questions_worked_by_hand():
    groups = {
        "kept": [RIGHT, WRONG, WRONG, NONE], "below": [WRONG, WRONG], "above": [RIGHT, RIGHT],
        "unjudged": [UNJUDGED], "mute": [RIGHT, NONE],
    }  # fmt: skip
    told = account(ByOutcome(), [row for name, group in groups.items() for row in judged_rows(*group, question=name)])
    assert (told.seen, told.kept, told.below_band, told.above_band, told.unjudged, told.no_distinct_answers) == (
        5, 1, 1, 1, 1, 1,
    )  # fmt: skip
    assert told.pairs_by_style == ((Style.REASON, 2),)
    assert told.accuracies == (
        AccuracyBin(judged=2, right=0, prompts=1), AccuracyBin(judged=2, right=1, prompts=1),
        AccuracyBin(judged=2, right=2, prompts=1), AccuracyBin(judged=4, right=1, prompts=1),
    )  # fmt: skip


def test_a_row_that_stands_alone_or_twice_is_an_error_that_names_it():
    chains, verdicts = split_rows(judged_rows(RIGHT, WRONG))
    with pytest.raises(ValueError, match=r"chain 0 \(reason\) of question 'q' has no verdict"):
        list(pair_chains(WIDE, chains, verdicts[:1]))
    with pytest.raises(ValueError, match=r"chain 1 \(reason\) of question 'q' has a verdict but"):
        list(pair_chains(WIDE, chains[:1], verdicts))
    with pytest.raises(ValueError, match="two verdicts"):
        list(pair_chains(WIDE, chains, verdicts * 2))


@pytest.mark.parametrize("settings", [{"lowest": 0.9}, {"highest": 1.1}, {"lowest": -0.1}, {"most": 0}])
def test_a_band_or_count_that_can_keep_nothing_is_refused(settings):
    with pytest.raises(ValueError, match=r"highest|most"):
        ByOutcome(**settings)


WORDS = st.lists(st.tuples(st.sampled_from("ab "), st.sampled_from(["1", " 1.0 ", "2", "3", None])), max_size=6)


@given(WORDS, WORDS, st.integers(1, 9))
def test_each_pair_takes_the_least_used_chains_that_differ(chosen, rejected, most):
    def chains_of(words):
        return [Judged(row=row, question_id="q", style=Style.REASON, index=row, text=text, stop=FinishReason.END,
                       outcome=RIGHT, score=None, answer=answer, judge="j")
                for row, (text, answer) in enumerate(words)]  # fmt: skip

    sides = chains_of(chosen), chains_of(rejected)
    used, wanted = (Counter(), Counter()), []
    for _ in range(most):
        left = [(used[0][one], one, used[1][other], other)
                for one in range(len(chosen)) for other in range(len(rejected))
                if (one, other) not in wanted and differ(sides[0][one], sides[1][other])]  # fmt: skip
        if left:
            _, one, _, other = min(left)
            wanted.append((one, other))
            used[0][one] += 1
            used[1][other] += 1
    found = [(choice.chosen.row, choice.rejected.row) for choice in pair_up(*sides, most)]
    assert found == wanted

"""Lessons: own right chains without duplicates, and mixes of declared counts."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_rows import NONE, RIGHT, UNJUDGED, WRONG, judged_row, judged_rows, split_rows

from seewhy.pairs.lessons import imitate_chains, lessons_from
from seewhy.pairs.mixing import mix_parts
from seewhy.records.types import FinishReason, Lesson, Outcome, Response, Style


def lessons(name: str, count: int, style: Style = Style.REASON, sets: int = 3) -> list[Lesson]:
    return [Lesson(question_id=f"set{n % sets}/{n}", style=style, response=Response(text=f"{name} {n}"), source=name)
            for n in range(count)]  # fmt: skip


BENCHMARKS = {f"set{n % 3}/{n}": f"set{n % 3}" for n in range(400)}


@given(st.lists(st.lists(st.sampled_from(Outcome), min_size=1, max_size=8), min_size=1, max_size=4), st.integers(0, 4))
def test_right_chains_alone_are_imitated_each_text_once_and_every_other_chain_is_accounted_for(groups, most):
    rows = [row for n, group in enumerate(groups) for row in judged_rows(*group, question=f"q{n}")]
    made = imitate_chains(*split_rows(rows), most=most, is_own=True)
    right = {(chain.question_id, chain.text) for chain, verdict in rows if verdict.outcome is RIGHT}
    found = [(one.question_id, one.response.text) for one in made.lessons]
    assert set(found) <= right
    assert len(found) == len(set(found))
    counts = Counter(question for question, _ in found)
    for number, group in enumerate(groups):
        assert counts[f"q{number}"] == (min(most, group.count(RIGHT)) if most else group.count(RIGHT))
    assert len(made.lessons) + len(made.dropped) == len(rows)


def test_own_chains_keep_their_token_ids_and_a_teacher_s_do_not():
    rows = [judged_row(RIGHT, 0, text="so 1"), judged_row(RIGHT, 1, text="so 1"), judged_row(RIGHT, 2, text="so 2"),
            judged_row(RIGHT, 3, stop=FinishReason.LENGTH), *[judged_row(one, 4 + n) for n, one in
                                                              enumerate((WRONG, NONE, UNJUDGED))]]  # fmt: skip
    made = imitate_chains(*split_rows(rows), most=1, is_own=True)
    assert [one.response.token_ids for one in made.lessons] == [(0, 7)]
    assert made.reasons == {
        "repeated": 1,
        "beyond most": 1,
        "cut off": 1,
        "incorrect": 1,
        "no_answer": 1,
        "unjudged": 1,
    }
    assert {one.response.token_ids for one in lessons_from(*split_rows(rows)).lessons} == {None}


def test_a_mix_holds_what_is_declared_of_each_part_and_no_lesson_twice():
    rows = {"reason": lessons("r", 100), "direct": lessons("d", 80, Style.DIRECT), "extra": lessons("e", 9)}
    made = mix_parts(rows, {"reason": 40, "direct": 30, "extra": 0}, {"reason": 5, "direct": 5}, BENCHMARKS, seed=1)
    assert made.taken == {"reason": 40, "direct": 30, "extra": 9, "aligned reason": 15, "aligned direct": 15}
    assert len(made.lessons) == 109 == len({(one.question_id, one.style, one.response.text) for one in made.lessons})
    assert made.lessons != mix_parts(rows, {"reason": 40}, {}, {}, seed=1).lessons
    styles = [one.style for one in made.lessons[:30]]
    assert 0 < styles.count(Style.DIRECT) < 30


def test_the_four_mixes_of_llava_reasoner_differ_in_their_declared_parts_alone():
    """Figure 5: format alone, with direct answers, with reasoning, with both; the aligned part is the same in all."""
    rows = {"reason": lessons("r", 100), "direct": lessons("d", 100, Style.DIRECT)}
    aligned = {"reason": 25, "direct": 25}
    mixes = [mix_parts(rows, parts, aligned, BENCHMARKS, seed=0)
             for parts in ({}, {"direct": 0}, {"reason": 0}, {"reason": 0, "direct": 0})]  # fmt: skip
    assert [len(made.lessons) for made in mixes] == [150, 175, 175, 200]
    first = {(one.style, one.response.text) for one in mixes[0].lessons}
    assert all(first <= {(one.style, one.response.text) for one in made.lessons} for made in mixes)


def test_equal_lessons_of_two_parts_are_one_and_the_order_of_rows_does_not_matter():
    rows = {"one": lessons("r", 20), "two": lessons("r", 25)}
    made = mix_parts(rows, {"one": 0, "two": 0}, {}, {}, seed=3)
    assert made.taken == {"one": 20, "two": 5}
    assert made.repeated == 20
    turned = {name: part[::-1] for name, part in rows.items()}
    assert mix_parts(turned, {"one": 0, "two": 0}, {}, {}, seed=3).lessons == made.lessons


def test_a_part_with_too_few_lessons_or_an_unknown_question_is_refused():
    rows = {"few": lessons("r", 3)}
    with pytest.raises(ValueError, match="few has 3 lessons that the mix does not hold yet, and 5 are declared"):
        mix_parts(rows, {"few": 5}, {}, {}, seed=0)
    with pytest.raises(ValueError, match=r"few: question 'set./.' of a lesson is not among the questions"):
        mix_parts(rows, {}, {"few": 1}, {}, seed=0)

"""What is imitated: right chains, gold answers, and their mix."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_rows import NONE, RIGHT, UNJUDGED, WRONG, judged_row, judged_rows, split_rows

from seewhy.pairs.lessons import block_sizes, direct_lessons, lessons_from, mix_lessons, own_correct
from seewhy.records.types import FinishReason, Gold, Lesson, MatchRule, Question, Response, Split, Style


def question_of(
    number: int, benchmark: str = "b", *answers: str, rule: MatchRule = MatchRule.EXACT, options=()
) -> Question:
    return Question(
        id=f"{benchmark}/{number}", benchmark=benchmark, split=Split.TRAIN, text="What?",
        gold=Gold(answers=answers or (str(number),), rule=rule), options=tuple(options), facets={},
    )  # fmt: skip


def reasoned_lesson(question: Question) -> Lesson:
    response = Response(text=f"think {question.id}")
    return Lesson(question_id=question.id, style=Style.REASON, response=response, source="teacher")


def test_only_right_chains_become_lessons_and_each_dropped_one_keeps_its_reason():
    rows = [*judged_rows(RIGHT, WRONG, NONE, UNJUDGED, WRONG), judged_row(RIGHT, 5, stop=FinishReason.LENGTH)]
    rows.append(judged_row(RIGHT, 6, text=rows[0][0].text))
    distilled = lessons_from(*split_rows(rows))
    assert [lesson.response.text for lesson in distilled.lessons] == [rows[0][0].text]
    assert distilled.reasons == {
        "incorrect": 2, "no_answer": 1, "unjudged": 1, "cut off": 1, "repeated": 1
    }  # fmt: skip
    assert {(chain.index, chain.reason) for chain in distilled.dropped} >= {(1, "incorrect"), (5, "cut off")}
    assert len(distilled.lessons) + len(distilled.dropped) == len(rows)


def test_a_teacher_s_token_ids_are_dropped_and_the_model_s_own_are_kept():
    chains, verdicts = split_rows(judged_rows(RIGHT, WRONG))
    assert lessons_from(chains, verdicts).lessons[0].response.token_ids is None
    (own,) = own_correct(chains, verdicts, most=4)
    assert (own.response.token_ids, own.source) == ((0, 7), "teacher")


def test_own_correct_takes_at_most_so_many_distinct_texts_of_each_prompt():
    rows = judged_rows(*[RIGHT] * 6, WRONG) + judged_rows(RIGHT, style=Style.DIRECT)
    rows += [judged_row(RIGHT, 9, text=rows[0][0].text)]
    lessons = list(own_correct(*split_rows(rows), most=3))
    assert Counter(lesson.style for lesson in lessons) == {Style.REASON: 3, Style.DIRECT: 1}
    assert len({lesson.response.text for lesson in lessons if lesson.style is Style.REASON}) == 3


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (question_of(7), "7"),
        (question_of(1, "b", "B", rule=MatchRule.LETTER, options=("cat", "dog")), "B"),
        (question_of(1, "b", "dog", rule=MatchRule.LETTER, options=("cat", "dog")), "B"),
        (question_of(1, "b", "red", "blue", "blue", rule=MatchRule.VQA_SOFT), "blue"),
    ],
)
def test_a_direct_lesson_is_the_gold_answer_or_letter_alone(question, reply):
    (lesson,) = direct_lessons([question])
    assert (lesson.response.text, lesson.style, lesson.source) == (reply, Style.DIRECT, "gold")


def test_an_open_question_has_no_direct_lesson():
    assert not list(direct_lessons([question_of(1, rule=MatchRule.OPEN)]))


def mixed(questions, **settings):
    return mix_lessons(map(reasoned_lesson, questions), direct_lessons(questions), questions, **settings)


def test_the_mix_is_half_direct_and_holds_the_format_part_of_each_benchmark():
    questions = [question_of(n, name) for name in ("a", "b") for n in range(100)]
    lessons = mixed(questions)
    assert Counter(lesson.style for lesson in lessons) == {Style.REASON: 200, Style.DIRECT: 200}
    only_format = mix_lessons(map(reasoned_lesson, questions), [], questions, direct_share=1.0, format_aligned=50)
    assert Counter(lesson.question_id[0] for lesson in only_format) == {"a": 25, "b": 25}


def test_without_a_direct_block_the_format_part_still_shows_direct_answers():
    questions = [question_of(n, name) for name in ("a", "b") for n in range(100)]
    lessons = mixed(questions, direct_share=0.0, format_aligned=51)
    assert Counter((lesson.question_id[0], lesson.style) for lesson in lessons) == {
        ("a", Style.REASON): 100, ("b", Style.REASON): 100, ("a", Style.DIRECT): 25, ("b", Style.DIRECT): 25,
    }  # fmt: skip


@given(st.integers(0, 40), st.floats(0.0, 1.0), st.integers(0, 9), st.integers(0, 3))
def test_no_lesson_stands_in_the_mix_twice_and_the_seed_decides(count, share, aligned, seed):
    questions = [question_of(n) for n in range(count)]
    settings = {"direct_share": share, "format_aligned": aligned, "seed": seed}
    lessons = mixed(questions, **settings)
    assert len({(lesson.question_id, lesson.style) for lesson in lessons}) == len(lessons)
    assert lessons == mixed(list(reversed(questions)), **settings)


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0.01, 0.99))
def test_blocks_hold_their_share_and_never_more_than_there_is(reasoned, direct, share):
    thoughts, answers = block_sizes(reasoned, direct, share)
    assert 0 <= thoughts <= reasoned
    assert 0 <= answers <= direct
    assert thoughts == reasoned or answers == direct
    if 0.25 <= share <= 0.75:
        assert abs(answers - share * (thoughts + answers)) <= 1


def test_a_lesson_whose_question_is_missing_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="'b/3'"):
        mix_lessons([reasoned_lesson(question_of(3))], [], [])
    with pytest.raises(ValueError, match="direct_share"):
        mix_lessons([], [], [], direct_share=1.5)

"""Corrections: only those that end in the gold answer are lessons, echoes are none, and the change is kept."""

import pytest
from asked_judges import RIGHT, SUM, WRONG, chain_of, id_in
from hypothesis import given
from hypothesis import strategies as st

from seewhy.judging.corrector import CorrectionOutcome, Corrector, apply_edits, edits_of
from seewhy.records.types import Style
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_chat import OracleChatModel
from seewhy.testing.scripted import ScriptedChat


def correcting(text: str, **settings) -> Corrector:
    def says(request, number):
        return f'<final_rationale id="{id_in(request)}">\n{text}\n</final_rationale>'

    return Corrector(chat_model=ScriptedChat(says=says), **settings)


def correction_of(corrector: Corrector, text: str = WRONG):
    (correction,) = corrector.correct(SUM, (chain_of(text),))
    return correction


def test_a_correction_that_ends_in_the_gold_answer_is_a_lesson():
    correction = correction_of(correcting(RIGHT))
    assert correction.fate is CorrectionOutcome.CORRECTED
    lesson = correction.lesson
    assert lesson is not None
    assert (lesson.response.text, lesson.response.token_ids, lesson.style) == (RIGHT, None, Style.REASON)
    assert lesson.source.startswith("corrector by scripted-1, prompt ")
    assert apply_edits(WRONG, correction.edits) == RIGHT


@pytest.mark.parametrize(
    ("text", "fate"),
    [
        (WRONG, CorrectionOutcome.ECHO),
        (f"  {WRONG.replace('. ', '.  ')} ", CorrectionOutcome.ECHO),
        ("### Answer: 5", CorrectionOutcome.BARE),
        ("The sum is 6. ### Answer: 6", CorrectionOutcome.WRONG_ANSWER),
        ("The sum of the row is what it is, and more cannot be said of it.", CorrectionOutcome.WRONG_ANSWER),
        ("", CorrectionOutcome.UNREAD),
    ],
)
def test_every_other_reply_is_no_lesson(text, fate):
    correction = correction_of(correcting(text))
    assert correction.fate is fate
    assert correction.lesson is None
    assert correction.why


def test_a_right_chain_that_comes_back_is_an_echo_and_not_a_lesson_of_the_teacher():
    assert correction_of(correcting(RIGHT), RIGHT).fate is CorrectionOutcome.ECHO


def test_garbage_another_id_and_a_failure_are_unread():
    for says in ("", RIGHT, f'<final_rationale id="x">{RIGHT}</final_rationale>'):
        corrector = Corrector(chat_model=ScriptedChat(says=lambda *_, said=says: said))
        assert correction_of(corrector).fate is CorrectionOutcome.UNREAD
    failed = correction_of(Corrector(chat_model=ScriptedChat(says=lambda *_: "", failure="refused")))
    assert (failed.fate, failed.why) == (CorrectionOutcome.UNREAD, "refused")


def test_latex_comes_through_as_it_is():
    text = r"Half is \frac{1}{2}\newline, so 5. ### Answer: 5"
    assert correction_of(correcting(text)).text == text


def test_the_gold_is_told_and_the_picture_shown():
    corrector = correcting(RIGHT)
    correction_of(corrector)
    message = corrector.chat_model.recorded[0].messages[0]
    assert "<right_answer>\n5\n" in message.text
    assert message.images == SUM.images
    correction_of(correcting(RIGHT, blind=True))


def test_the_oracle_corrects_a_wrong_chain_and_echoes_a_right_one():
    corrector = Corrector(chat_model=OracleChatModel([SUM], Oracle()))
    wrong, right = corrector.correct(SUM, (chain_of(WRONG), chain_of(RIGHT, 1)))
    assert (wrong.fate, wrong.text) == (CorrectionOutcome.CORRECTED, RIGHT)
    assert right.fate is CorrectionOutcome.ECHO


@given(st.text(alphabet="ab \n", max_size=30), st.text(alphabet="ab \n", max_size=30))
def test_the_edits_turn_one_text_into_the_other(before, after):
    edits = edits_of(before, after)
    assert apply_edits(before, edits) == after
    assert (edits == ()) is (before == after)

"""Judges and teachers are told a whole conversation, and models behind servers are asked it turn by turn."""

from dataclasses import replace

import pytest

from seewhy.judging.prompts.conversation import messages_of, question_words
from seewhy.judging.prompts.distilling import Kind, TeacherPrompt
from seewhy.judging.prompts.template import question_slots
from seewhy.records.turns import ImageRef, Role, Turn
from seewhy.records.types import Gold, MatchRule, Question, Split, Style

A, B = (ImageRef(sha256=name, path=f"{name}.png") for name in "ab")
SINGLE = Question(
    id="q", benchmark="b", split=Split.TRAIN, text="And here?", context="Two pages.", images=(A,), facets={},
    gold=Gold(answers=("1",), rule=MatchRule.EXACT),
)  # fmt: skip
TALK = replace(
    SINGLE, images=(A, B), places=(4,),
    turns=(
        Turn(role=Role.SYSTEM, text="Be brief."),
        Turn(role=Role.USER, text="What is on ?", places=(11,)),
        Turn(role=Role.ASSISTANT, text="A cat."),
    ),
)  # fmt: skip


def test_a_model_is_asked_turn_by_turn_with_pictures_in_their_places():
    messages = messages_of(TALK, Style.PLAIN, blind=False)
    assert [(one.role, one.text, one.images, one.places) for one in messages] == [
        (Role.SYSTEM, "Be brief.", (), None),
        (Role.USER, "What is on ?", (A,), (11,)),
        (Role.ASSISTANT, "A cat.", (), None),
        (Role.USER, "Two pages.\nAnd here?", (B,), (15,)),
    ]
    assert not any(one.images for one in messages_of(TALK, Style.PLAIN, blind=True))


def test_a_single_question_is_one_message_as_before():
    (message,) = messages_of(SINGLE, Style.DIRECT, blind=False)
    assert (message.images, message.places) == ((A,), None)
    assert question_words(SINGLE) == "And here?"


def test_a_judge_reads_all_turns_and_the_number_of_each_picture():
    words = question_slots(TALK, blind=False, show_gold=False)["question"]
    assert words.splitlines() == [
        "Earlier in the conversation:", "System: Be brief.", "User: What is on [picture 1]?", "Assistant: A cat.",
        "The question now:", "And [picture 2]here?",
    ]  # fmt: skip


def test_a_teacher_is_told_the_conversation_with_all_pictures_in_order():
    (message,) = TeacherPrompt(kind=Kind.CHART)(TALK, Style.REASON, False)
    assert "User: What is on [picture 1]?" in message.text
    assert message.images == (A, B)
    assert len(TeacherPrompt()(TALK, Style.DIRECT, False)) == 4


def test_a_question_with_more_places_than_pictures_is_refused_by_its_id():
    with pytest.raises(ValueError, match="question q: 1 picture and 2 places"):
        messages_of(replace(TALK, images=(A,)), Style.DIRECT, blind=False)

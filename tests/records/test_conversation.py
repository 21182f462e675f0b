"""Turns and the places of pictures in them: cut, joined, checked."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.records.conversation import (
    MARK,
    images_by_turn,
    is_conversation,
    last_images,
    parts_of,
    require_places,
    split_marks,
    with_marks,
)
from seewhy.records.turns import ImageRef, Role, Turn
from seewhy.records.types import Gold, MatchRule, Question, Split

A, B, C = (ImageRef(sha256=name, path=f"{name}.png") for name in "abc")
QUESTION = Question(
    id="q", benchmark="b", split=Split.TRAIN, text="And this?", gold=Gold(answers=("1",), rule=MatchRule.EXACT),
    facets={},
)  # fmt: skip
SEEN = Turn(role=Role.USER, text="Compare with .", places=(7, 13))
SAID = Turn(role=Role.ASSISTANT, text="Both are red.")
SYSTEM = Turn(role=Role.SYSTEM, text="Be brief.")


@given(st.lists(st.text(alphabet="ab<>image\n ", max_size=8), min_size=1, max_size=5))
def test_marks_go_and_come_back_where_they_were(pieces):
    marked = MARK.join(pieces)
    text, places = split_marks(marked)
    assert len(places) == marked.count(MARK)
    if MARK not in text:
        assert with_marks(text, places) == marked


def test_a_text_that_holds_the_mark_itself_cannot_be_marked():
    with pytest.raises(ValueError, match="itself holds '<image>'"):
        with_marks("Write <image> here", (0,))


def test_parts_come_in_order_with_pictures_at_their_places():
    assert parts_of(SEEN, [A, B]) == ["Compare", A, " with ", B, "."]
    assert parts_of(Turn(role=Role.USER, text="", places=(0, 0)), [A, B]) == [A, B]
    assert parts_of(SAID, []) == ["Both are red."]


def test_pictures_belong_to_turns_in_order_and_the_rest_to_the_last():
    question = replace(QUESTION, turns=(SYSTEM, SEEN, SAID), images=(A, B, C))
    require_places(question)
    assert images_by_turn(question.turns, question.images) == [(), (A, B), ()]
    assert last_images(question) == (C,)
    assert is_conversation(question)


def test_a_question_with_its_pictures_in_front_is_no_conversation():
    assert not is_conversation(replace(QUESTION, images=(A,)))
    assert not is_conversation(replace(QUESTION, images=(A, B), places=(0, 0)))
    assert is_conversation(replace(QUESTION, images=(A,), places=(3,)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"places": (0, 4), "images": (A,)}, "1 picture and 2 places"),
        ({"places": (), "images": (A,)}, "1 picture and 0 places"),
        ({"turns": (SEEN,), "images": (A,)}, "1 picture and 2 places"),
        ({"turns": (SEEN,), "images": (A, B), "places": (0,)}, "2 pictures and 3 places"),
        ({"places": (10,), "images": (A,)}, r"\[10\] must be ascending offsets from 0 to 9"),
        ({"places": (-1,), "images": (A,)}, "ascending"),
        ({"places": (4, 2), "images": (A, B)}, "ascending"),
        ({"turns": (SAID, SYSTEM)}, r"turn 1 \(system\): a system text comes first"),
        ({"turns": (replace(SAID, text="  "),)}, r"turn 0 \(assistant\): it has neither"),
        ({"turns": (replace(SEEN, places=(99,)),), "images": (A,)}, r"turn 0 \(user\): places"),
    ],
)
def test_places_that_do_not_fit_are_refused_with_question_and_turn(changes, said):
    with pytest.raises(ValueError, match=said) as caught:
        require_places(replace(QUESTION, **changes))
    assert "question q" in str(caught.value)

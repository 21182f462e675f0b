"""The oracle as something to talk to: which question a prompt is about, and what it says to it."""

from dataclasses import replace

import pytest

from seewhy.endpoints.chat import Message, Request
from seewhy.model.prompts import prompt_text
from seewhy.records.turns import Role
from seewhy.records.types import Gold, ImageRef, MatchRule, Question, Split, Style
from seewhy.testing.oracle import Oracle
from seewhy.testing.oracle_chat import OracleChatModel
from seewhy.testing.oracle_replies import OracleReplies, sections_of

SUM = Question(
    id="q", benchmark="inkgrid", split=Split.TEST, text="What is the sum of row 2?",
    images=(ImageRef(sha256="ab12", path="page.png"),), gold=Gold(answers=("5",), rule=MatchRule.EXACT),
    facets={"kind": "row_sum", "noise": "low", "page": "357/104/288"},
)  # fmt: skip
OTHER = replace(
    SUM, id="o", images=(ImageRef(sha256="cd34", path="other.png"),), gold=Gold(answers=("9",), rule=MatchRule.EXACT),
    facets={**SUM.facets, "page": "357/504/288"},
)  # fmt: skip
LETTER = replace(SUM, id="l", options=("6", "5"), gold=Gold(answers=("B",), rule=MatchRule.LETTER))


def said(questions, message, **settings):
    (answer,) = OracleChatModel(questions, Oracle()).chat([Request(messages=(message,), **settings)])
    return [reply.text for reply in answer.replies]


def test_the_picture_tells_which_of_two_equal_questions_is_meant():
    for question, answer in ((SUM, "5"), (OTHER, "9")):
        message = Message(text=prompt_text(question, Style.DIRECT), images=question.images)
        assert said([SUM, OTHER], message) == [answer]


def test_the_style_of_a_plain_question_is_told_by_its_words():
    (reply,) = said([SUM], Message(text=prompt_text(SUM, Style.REASON), images=SUM.images))
    assert reply == "Row 2 reads 1, 0, 4. 1 plus 0 is 1. 1 plus 4 is 5. The sum is 5. ### Answer: 5"


def test_a_question_with_options_is_told_from_one_without_though_no_picture_is_shown():
    replies = OracleReplies([SUM, LETTER], Oracle())
    for question, options in ((SUM, "none"), (LETTER, "(A) 6\n(B) 5")):
        text = f"<question>\n{SUM.text}\n</question>\n<options>\n{options}\n</options>"
        assert replies.question_of(Message(text=text), sections_of(text)) is question


def test_what_the_oracle_does_not_know_is_an_error_that_shows_it():
    with pytest.raises(ValueError, match=r"knows no question with pictures \('ff',\) that this prompt asks: 'Who\?'"):
        said([SUM], Message(text="Who?", images=(ImageRef(sha256="ff", path=""),)))
    with pytest.raises(ValueError, match="no turn of a user"):
        said([SUM], Message(role=Role.SYSTEM, text="Be good."))


def test_several_replies_are_several_draws_and_the_same_ones_again():
    message = Message(text=prompt_text(SUM, Style.REASON), images=SUM.images)
    (answer,) = OracleChatModel([SUM], Oracle(error_rate=0.5)).chat([Request(messages=(message,), count=12)])
    texts = [reply.text for reply in answer.replies]
    assert len(set(texts)) > 2
    (again,) = OracleChatModel([SUM], Oracle(error_rate=0.5)).chat([Request(messages=(message,), count=12)])
    assert [reply.text for reply in again.replies] == texts


def test_log_probabilities_are_given_only_where_they_were_asked_for():
    text = f"<question>\n{SUM.text}\n</question>\n<options>\nnone\n</options>\n<fact>\nRow 2 reads 1, 0, 4.\n</fact>"
    message = Message(text=text, images=SUM.images)
    with_them, without = OracleChatModel([SUM], Oracle()).chat(
        [Request(messages=(message,), top_logprobs=5), Request(messages=(message,))]
    )
    assert with_them.replies[0].first_token["yes"] > with_them.replies[0].first_token["no"]
    assert dict(without.replies[0].first_token) == {}
    assert without.replies[0].text == "yes"

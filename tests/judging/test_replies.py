"""Replies of judges: what has exactly the form is read, and everything else is a named failure."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.endpoints.chat import Reply
from seewhy.judging.asking.replies import Failure, Unread, read_block, read_object, read_yes_no
from seewhy.judging.asking.schema import TEXT, WHOLE_NUMBER, fault_of, form_of, list_of, object_of, one_of
from seewhy.records.types import FinishReason

FORM = form_of("t", object_of(id=TEXT, score=one_of(1, 2, 3)))
GOOD = '{"id": "3f", "score": 2}'


def read(text: str, subject: str = "3f", stop: FinishReason = FinishReason.END):
    return read_object(Reply(text=text, stop=stop), FORM, subject)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"  {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"Here it is:\n```json\n{GOOD}\n```\nI hope that helps.",
        f"I would say {GOOD}.",
        f"Since \\frac{{1}}{{2}} is a half: {GOOD}",
        f'<think>first {{no}} then {{"id": 1}}</think>\n{GOOD}',
        '{"id": "3f", "score": 2.0}',
    ],
)
def test_an_object_that_is_the_reply_or_its_fence_or_alone_in_prose_is_read(text):
    assert read(text) == {"id": "3f", "score": 2}


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("", Failure.EMPTY),
        ("<think>hm</think> ", Failure.EMPTY),
        ("3 of 3", Failure.NO_OBJECT),
        ("[1, 2]", Failure.NO_OBJECT),
        ("<html><body>502 Bad Gateway</body></html>", Failure.NO_OBJECT),
        (GOOD[:-1], Failure.BROKEN),
        (f"```json\n{GOOD[:-1]}\n```", Failure.BROKEN),
        (f'{{"outer": {GOOD}', Failure.BROKEN),
        ('{"id": "3f", "id": "3f", "score": 2}', Failure.BROKEN),
        ('{"id": "3f", "score": NaN}', Failure.BROKEN),
        (f"{GOOD} {GOOD}", Failure.SEVERAL),
        (f"```\n{GOOD}\n```\n```\n{GOOD}\n```", Failure.SEVERAL),
        ('{"id": "3f", "score": 4}', Failure.WRONG_FORM),
        ('{"id": "3f", "score": "2"}', Failure.WRONG_FORM),
        ('{"id": "3f", "score": true}', Failure.WRONG_FORM),
        ('{"id": "3f", "score": null}', Failure.WRONG_FORM),
        ('{"id": "3f"}', Failure.WRONG_FORM),
        ('{"id": "3f", "score": 2, "more": 1}', Failure.WRONG_FORM),
        ('{"id": "4f", "score": 2}', Failure.WRONG_ID),
        ("{" * 60_000, Failure.BROKEN),
        ('{"a":' * 20_000, Failure.BROKEN),
        ("x{" * 60, Failure.BROKEN),
        ("9" * 200_000, Failure.TOO_LONG),
    ],
)
def test_every_other_reply_is_a_named_failure(text, failure):
    found = read(text)
    assert isinstance(found, Unread)
    assert found.failure is failure


def test_a_reply_that_the_limit_cut_off_is_not_read_even_where_it_could_be():
    found = read(GOOD, stop=FinishReason.LENGTH)
    assert isinstance(found, Unread)
    assert found.failure is Failure.CUT_OFF


@given(st.text() | st.integers(0, len(GOOD)).map(lambda end: GOOD[:end]))
def test_no_text_raises_and_only_the_form_is_read(text):
    found = read(text)
    assert isinstance(found, Unread) or fault_of(found, json.loads(FORM.schema)) == ""


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"n": 3, "parts": [1, 2]}, ""),
        ({"n": 3.0, "parts": [1, 2]}, ""),
        ({"n": 3.5, "parts": [1, 2]}, "n: 3.5 is no integer"),
        ({"n": True, "parts": [1, 2]}, "n: true is no integer"),
        ({"n": 3, "parts": [1]}, "parts: 1 where 2 were asked for"),
        ({"n": 3, "parts": [1, 9]}, "parts.1: 9 is not among 1, 2"),
        ({"n": 3, "parts": {}}, "parts: {} is no array"),
        ([], "[] is no object"),
    ],
)
def test_a_fault_names_its_place(value, fault):
    assert fault_of(value, object_of(n=WHOLE_NUMBER, parts=list_of(one_of(1, 2), least=2, most=2))) == fault


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<r id="3f">\n\\frac{1}{2} and "so"\n</r>', '\\frac{1}{2} and "so"'),
        ('Sure: <r id="3f">a</r> Done.', "a"),
        ('<r id="4f">a</r>', Failure.WRONG_ID),
        ('<r id="3f">a', Failure.NO_BLOCK),
        ("<r>a</r>", Failure.NO_BLOCK),
        ('<r id="3f">a</r><r id="3f">b</r>', Failure.NO_BLOCK),
        ('</r><r id="3f">a', Failure.NO_BLOCK),
        ('<r id="3f"> </r>', Failure.EMPTY),
        ("", Failure.EMPTY),
    ],
)
def test_a_block_is_read_once_and_by_its_id(text, found):
    block = read_block(Reply(text=text), "r", "3f")
    assert (block.failure if isinstance(block, Unread) else block) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yes", True), ("Yes.", True), ("**No**", False), ("no, it is red", False), ("<think>no</think>Yes", True),
        ("", None), ("notice", None), ("It is so: yes", None), ("yes or no?", None), ("Yes and no", None), ("y", None),
        ("Answer: Yes", True), ("The answer is **no**.", False), ("My final answer: yes", True),
        ("The answers: no", None),
    ],
)  # fmt: skip
def test_yes_and_no_are_words_that_stand_first_and_alone(text, said):
    found = read_yes_no(Reply(text=text))
    assert (None if isinstance(found, Unread) else found) is said


def test_a_yes_that_was_cut_off_behind_the_word_is_a_yes():
    assert read_yes_no(Reply(text="Yes, because", stop=FinishReason.LENGTH)) is True


HALVES = ("\\ud83d", "\\udc36", "\\ud83d\\ud83d", "\\udc36\\ud83d")


@pytest.mark.parametrize("half", HALVES)
def test_half_a_character_in_a_judges_text_is_replaced_and_a_whole_one_stays(half):
    form = form_of("t", object_of(why=TEXT))
    found = read_object(Reply(text=f'{{"why": "a dog {half} and \\ud83d\\udc36"}}'), form)
    assert isinstance(found, dict)
    assert (
        str(found["why"]).encode("utf-8").decode("utf-8") == "a dog " + "\ufffd" * half.count("u") + " and \U0001f436"
    )


@pytest.mark.parametrize(("written", "meant"), [(chr(0xD83D), "\ufffd"), (r"\\\ud83d", "\\\ufffd")])
def test_half_a_character_that_is_written_out_or_stands_behind_a_backslash_is_replaced_too(written, meant):
    found = read_object(Reply(text=f'{{"why": "{written}"}}'), form_of("t", object_of(why=TEXT)))
    assert isinstance(found, dict)
    assert found["why"] == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("the model\\'s answer", "the model's answer"),
        ("caf\\'{e}", "caf\\'{e}"),
        ("use ```x``` here", "use ```x``` here"),
        ("```python\\nx\\n```", "```python\nx\n```"),
    ],
)
def test_apostrophes_and_fences_within_a_text_break_no_object(written, meant):
    form = form_of("t", object_of(why=TEXT))
    for reply in ('{{"why": "{}"}}', '```json\n{{"why": "{}"}}\n```', 'So:\n```\n{{"why": "{}"}}\n```'):
        assert read_object(Reply(text=reply.format(written)), form) == {"why": meant}

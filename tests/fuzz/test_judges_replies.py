"""Judges' replies in any dress: the object that the judge meant is read, or the reply is unread with its reason."""

import json

from hypothesis import given
from hypothesis import strategies as st

from seewhy.endpoints.chat import Reply, ResponseFormat
from seewhy.judging.asking.replies import Unread, read_object, read_yes_no

SCHEMA = {
    "type": "object",
    "properties": {"score": {"enum": [1, 2, 3, 4, 5]}, "why": {"type": "string"}},
    "required": ["score", "why"],
    "additionalProperties": False,
}
FORM = ResponseFormat(name="score", schema=json.dumps(SCHEMA))
LATEX = st.sampled_from(
    ["\\frac{1}{2}", "\\beta", "\\times 3", "\\neq 4", "\\rho", "\\text{cm}", "\\nabla f", "\\sqrt{2}", "\\left( x"]
)  # fmt: skip
PLAIN = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters='"\\\r', exclude_categories=("Cc", "Cs")), max_size=30
)
DRESS = st.sampled_from(
    ["{}", "```json\n{}\n```", "```\n{}\n```", "My verdict:\n{}", "{}\nI hope that helps.", "\ufeff{}", "  {}\n\n",
     "<think>First {{\"score\": 1}} I thought.</think>{}", "Sure!\n\n```json\n{}\n```\nDone."]
)  # fmt: skip


@given(st.integers(1, 5), PLAIN, DRESS)
def test_the_object_of_a_reply_is_read_in_every_dress(score, why, dress):
    meant = {"score": score, "why": why}
    assert read_object(Reply(text=dress.format(json.dumps(meant))), FORM) == meant
    assert read_object(Reply(text=dress.format(json.dumps(meant, ensure_ascii=False, indent=2))), FORM) == meant


@given(st.integers(1, 5), st.lists(st.one_of(PLAIN, LATEX), min_size=1, max_size=4), DRESS)
def test_latex_and_line_breaks_that_a_judge_does_not_escape_are_kept(score, parts, dress):
    why = " ".join(parts)
    raw = f'{{"score": {score}, "why": "{why}\nnext"}}'
    found = read_object(Reply(text=dress.format(raw)), FORM)
    assert found == {"score": score, "why": f"{why}\nnext"}


@given(st.integers(1, 5), st.integers(1, 5), PLAIN)
def test_two_objects_are_no_verdict(one, other, why):
    text = f"{json.dumps({'score': one, 'why': why})} or {json.dumps({'score': other, 'why': why})}"
    assert isinstance(read_object(Reply(text=text), FORM), Unread)


@given(st.one_of(st.text(max_size=80), st.text(alphabet='{}[]":, \\nscorewhy12', max_size=80)))
def test_any_text_is_a_verdict_of_the_form_or_unread_with_a_reason(text):
    found = read_object(Reply(text=text), FORM)
    if isinstance(found, Unread):
        assert found.why
    else:
        assert set(found) == {"score", "why"}
        assert found["score"] in {1, 2, 3, 4, 5}


@given(st.integers(1, 5), PLAIN, st.integers(0, 60))
def test_a_reply_that_was_cut_off_is_never_a_verdict(score, why, end):
    whole = json.dumps({"why": why, "score": score})
    if end < len(whole):
        assert isinstance(read_object(Reply(text=whole[:end]), FORM), Unread)


@given(st.sampled_from(["Yes", "no", "YES.", "**No**", "No, it is red"]), st.sampled_from(["", "\n", " It fits."]))
def test_a_yes_or_no_is_its_first_word(said, behind):
    assert read_yes_no(Reply(text=said + behind)) is ("y" in said.lower())
